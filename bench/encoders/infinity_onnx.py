"""The ONNX file that infinity-emb's optimum engine serves, made in infinity's own environment from
a Hugging Face folder: ``onnx/model.onnx``, or with ``int8`` one whose weights are int8 and whose
activations are scaled over the whole batch (what its model hub calls quantized).
"""

import sys
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel, AutoTokenizer


def main() -> None:
    """Write the file into the folder."""
    folder, precision = Path(sys.argv[1]), sys.argv[2]
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    texts = ["one text", "another text, and a longer one"]
    example = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    file = folder / "onnx" / "model.onnx"
    file.parent.mkdir(exist_ok=True)
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        model,
        tuple(example.values()),
        str(file),
        input_names=list(example),
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys((*example, "last_hidden_state"), axes),
        opset_version=17,
        dynamo=False,
    )
    if precision == "int8":
        quantize_dynamic(
            file,
            file.with_name("model_quantized.onnx"),
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
        file.unlink()


if __name__ == "__main__":
    main()
