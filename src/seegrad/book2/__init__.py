"""The second volume's classes and functions under the book's own names: a table of contents.

Modules as in the book's folders: `common/layers.py` is `seegrad.book2.layers`, `ch07/seq2seq.py` is
`seegrad.book2.ch07.seq2seq`, `dataset/ptb.py` is `seegrad.book2.dataset.ptb`. Same signatures and
behaviour on the graph that can be seen, the known slips of the book's code mended.
"""

from __future__ import annotations

from seegrad.book2 import config
from seegrad.book2.base_model import BaseModel
from seegrad.book2.ch01.two_layer_net import TwoLayerNet
from seegrad.book2.ch03.simple_cbow import SimpleCBOW
from seegrad.book2.ch03.simple_skip_gram import SimpleSkipGram
from seegrad.book2.ch04.cbow import CBOW
from seegrad.book2.ch04.negative_sampling_layer import (
    EmbeddingDot,
    NegativeSamplingLoss,
    UnigramSampler,
)
from seegrad.book2.ch04.skip_gram import SkipGram
from seegrad.book2.ch05.simple_rnnlm import SimpleRnnlm
from seegrad.book2.ch06.better_rnnlm import BetterRnnlm
from seegrad.book2.ch06.rnnlm import Rnnlm
from seegrad.book2.ch07.peeky_seq2seq import PeekyDecoder, PeekySeq2seq
from seegrad.book2.ch07.rnnlm_gen import BetterRnnlmGen, RnnlmGen
from seegrad.book2.ch07.seq2seq import Decoder, Encoder, Seq2seq
from seegrad.book2.ch08.attention_layer import (
    Attention,
    AttentionWeight,
    TimeAttention,
    WeightSum,
)
from seegrad.book2.ch08.attention_seq2seq import (
    AttentionBiEncoder,
    AttentionBiSeq2seq,
    AttentionDecoder,
    AttentionEncoder,
    AttentionSeq2seq,
)
from seegrad.book2.dataset import ptb, sequence, spiral
from seegrad.book2.functions import cross_entropy_error, relu, sigmoid, softmax
from seegrad.book2.layers import (
    Affine,
    Dropout,
    Embedding,
    MatMul,
    Sigmoid,
    SigmoidWithLoss,
    Softmax,
    SoftmaxWithLoss,
)
from seegrad.book2.network import Network
from seegrad.book2.np import GPU, np
from seegrad.book2.optimizer import SGD, AdaGrad, Adam, Momentum, Nesterov, RMSprop
from seegrad.book2.time_layers import (
    GRU,
    LSTM,
    RNN,
    Simple_TimeAffine,
    Simple_TimeSoftmaxWithLoss,
    TimeAffine,
    TimeBiLSTM,
    TimeDropout,
    TimeEmbedding,
    TimeGRU,
    TimeLSTM,
    TimeRNN,
    TimeSigmoidWithLoss,
    TimeSoftmaxWithLoss,
)
from seegrad.book2.trainer import RnnlmTrainer, Trainer, remove_duplicate
from seegrad.book2.util import (
    analogy,
    clip_grads,
    convert_one_hot,
    cos_similarity,
    create_co_matrix,
    create_contexts_target,
    eval_perplexity,
    eval_seq2seq,
    most_similar,
    normalize,
    ppmi,
    preprocess,
    to_cpu,
    to_gpu,
)

__all__ = [
    "CBOW",
    "GPU",
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "AdaGrad",
    "Adam",
    "Affine",
    "Attention",
    "AttentionBiEncoder",
    "AttentionBiSeq2seq",
    "AttentionDecoder",
    "AttentionEncoder",
    "AttentionSeq2seq",
    "AttentionWeight",
    "BaseModel",
    "BetterRnnlm",
    "BetterRnnlmGen",
    "Decoder",
    "Dropout",
    "Embedding",
    "EmbeddingDot",
    "Encoder",
    "MatMul",
    "Momentum",
    "NegativeSamplingLoss",
    "Nesterov",
    "Network",
    "PeekyDecoder",
    "PeekySeq2seq",
    "RMSprop",
    "Rnnlm",
    "RnnlmGen",
    "RnnlmTrainer",
    "Seq2seq",
    "Sigmoid",
    "SigmoidWithLoss",
    "SimpleCBOW",
    "SimpleRnnlm",
    "SimpleSkipGram",
    "Simple_TimeAffine",
    "Simple_TimeSoftmaxWithLoss",
    "SkipGram",
    "Softmax",
    "SoftmaxWithLoss",
    "TimeAffine",
    "TimeAttention",
    "TimeBiLSTM",
    "TimeDropout",
    "TimeEmbedding",
    "TimeGRU",
    "TimeLSTM",
    "TimeRNN",
    "TimeSigmoidWithLoss",
    "TimeSoftmaxWithLoss",
    "Trainer",
    "TwoLayerNet",
    "UnigramSampler",
    "WeightSum",
    "analogy",
    "clip_grads",
    "config",
    "convert_one_hot",
    "cos_similarity",
    "create_co_matrix",
    "create_contexts_target",
    "cross_entropy_error",
    "eval_perplexity",
    "eval_seq2seq",
    "most_similar",
    "normalize",
    "np",
    "ppmi",
    "preprocess",
    "ptb",
    "relu",
    "remove_duplicate",
    "sequence",
    "sigmoid",
    "softmax",
    "spiral",
    "to_cpu",
    "to_gpu",
]
