"""The life of a model: which one is active, which stand beside it, and how one takes over.

| module | holds |
|---|---|
| ``roster`` | which models are active, coming, previous: what all processes agree on |
| ``edition`` | the newsstand under one model, and what keeps its catalogue current |
| ``editions`` | the editions that this process has open, and the one that answers |
| ``reencode`` | every stored article under the model that is coming |
| ``switching`` | what one process does for the roster, again and again |
| ``works`` | pieces of work beside the requests, one of a name at a time |
| ``running`` | all of it together: what requests come to |
"""
