"""Models of timm and transformers, built from a configuration: nothing is downloaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def read(module: Any, *example: Any, **keywords: Any) -> Any:
    net = sg.from_torch(module.eval(), *example, keywords=keywords)
    assert net.verified.output <= 1e-5
    assert net.verified.gradient <= 1e-4
    assert set(net.verified.modes) == {"eval", "train"}
    return net


TIMM = {
    "vit_tiny_patch16_224": {"img_size": 32, "patch_size": 8, "depth": 2, "num_classes": 5},
    "convnext_atto": {"depths": (1, 1, 1, 1), "dims": (8, 8, 16, 16), "num_classes": 5},
    "resnet10t": {"num_classes": 5},
}


@pytest.mark.parametrize("name", TIMM)
def test_models_of_timm(name):
    timm = pytest.importorskip("timm", reason="timm is not installed")
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False, **TIMM[name])
    net = read(module, torch.randn(3, 3, 32, 32))
    assert net(np.zeros((4, 3, 32, 32), np.float32)).shape == (4, 5)


def configured(kind: str) -> tuple[Any, dict[str, Any]]:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    ids = torch.randint(1, 50, (2, 6))
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    wide = {"intermediate_size": 32, "vocab_size": 50}
    match kind:
        case "bert":
            made = transformers.BertForSequenceClassification(
                transformers.BertConfig(**small, **wide, max_position_embeddings=16)
            )
            closed = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
            return made, {"input_ids": ids, "attention_mask": closed}
        case "gpt2":
            config = transformers.GPT2Config(
                vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2, use_cache=False
            )
            return transformers.GPT2LMHeadModel(config), {"input_ids": ids}
        case "vit":
            config = transformers.ViTConfig(**small, intermediate_size=32, image_size=16,
                                            patch_size=8)  # fmt: skip
            pixels = torch.randn(2, 3, 16, 16)
            return transformers.ViTForImageClassification(config), {"pixel_values": pixels}
    config = transformers.LlamaConfig(
        **small, **wide, num_key_value_heads=1, max_position_embeddings=16, use_cache=False
    )
    return transformers.LlamaForCausalLM(config), {"input_ids": ids}


@pytest.mark.parametrize("kind", ["bert", "gpt2", "vit", "llama"])
def test_models_of_transformers(kind):
    pytest.importorskip("transformers", reason="transformers is not installed")
    torch.manual_seed(0)
    module, keywords = configured(kind)
    net = read(module, **keywords)
    arrays = {name: value.numpy() for name, value in keywords.items()}
    out = net(**arrays)
    with torch.no_grad():
        logits = module.eval()(**keywords).logits
    np.testing.assert_allclose(out["logits"].value, logits.numpy(), atol=1e-5)
    parameters = {name for name, _ in module.named_parameters()}
    assert {name for name, _ in net.named_parameters()} == parameters
