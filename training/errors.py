"""Everything that can go wrong in training, in one tree.

TrainingError
├── UnreadableData      a data file is not in its format
├── UnusableEncoder     a folder holds no encoder that can be exported
├── BadTemplate         a text template that cannot be rendered
├── BadRecipe           a recipe's settings do not fit each other, or the data
├── Diverged            the loss is no number any more
├── Leak                training data reach into the time that is evaluated
├── ExportFailed        the encoder cannot be turned into an ONNX graph
├── ParityRefused       an ONNX encoder's vectors are not torch's
├── NotWritable         an artefact or a report cannot be written there
└── NothingToEvaluate   no impression, or no artefact, that can be evaluated
"""


class TrainingError(Exception):
    """Base of all errors of this package; its text is one line, for the person at the terminal."""


class UnreadableData(TrainingError):
    """A data file is not in its format; the text names the file, the line and what was expected."""


class UnusableEncoder(TrainingError):
    """A folder holds no encoder that can be exported; the text names what is missing."""


class BadTemplate(TrainingError):
    """A text template is malformed, or names what an article does not have."""


class BadRecipe(TrainingError):
    """A recipe's settings do not fit each other, the encoder, or the data."""


class Diverged(TrainingError):
    """The loss is no number any more; the text says where."""


class Leak(TrainingError):
    """Training data reach into the time that is evaluated."""


class ExportFailed(TrainingError):
    """The encoder cannot be turned into an ONNX graph."""


class ParityRefused(TrainingError):
    """An ONNX encoder's vectors lie too far from torch's, so that it must not be published."""


class NotWritable(TrainingError):
    """An artefact or a report cannot be written there, or not under that name."""


class NothingToEvaluate(TrainingError):
    """The data hold no impression with both classes, or the artefact cannot be evaluated here."""
