"""The second volume's classes and functions under the book's own names: a table of contents.

Modules as in the book's folders: `common/layers.py` is `seegrad.book2.layers`, `ch07/seq2seq.py` is
`seegrad.book2.ch07.seq2seq`, `dataset/ptb.py` is `seegrad.book2.dataset.ptb`. Same signatures and
behaviour on the graph that can be seen, the known slips of the book's code mended.
"""

from seegrad.book2 import config as config
from seegrad.book2.base_model import BaseModel as BaseModel
from seegrad.book2.ch01.two_layer_net import TwoLayerNet as TwoLayerNet
from seegrad.book2.ch03.simple_cbow import SimpleCBOW as SimpleCBOW
from seegrad.book2.ch03.simple_skip_gram import SimpleSkipGram as SimpleSkipGram
from seegrad.book2.ch04.cbow import CBOW as CBOW
from seegrad.book2.ch04.negative_sampling_layer import EmbeddingDot as EmbeddingDot
from seegrad.book2.ch04.negative_sampling_layer import NegativeSamplingLoss as NegativeSamplingLoss
from seegrad.book2.ch04.negative_sampling_layer import UnigramSampler as UnigramSampler
from seegrad.book2.ch04.skip_gram import SkipGram as SkipGram
from seegrad.book2.ch05.simple_rnnlm import SimpleRnnlm as SimpleRnnlm
from seegrad.book2.ch06.better_rnnlm import BetterRnnlm as BetterRnnlm
from seegrad.book2.ch06.rnnlm import Rnnlm as Rnnlm
from seegrad.book2.ch07.peeky_seq2seq import PeekyDecoder as PeekyDecoder
from seegrad.book2.ch07.peeky_seq2seq import PeekySeq2seq as PeekySeq2seq
from seegrad.book2.ch07.rnnlm_gen import BetterRnnlmGen as BetterRnnlmGen
from seegrad.book2.ch07.rnnlm_gen import RnnlmGen as RnnlmGen
from seegrad.book2.ch07.seq2seq import Decoder as Decoder
from seegrad.book2.ch07.seq2seq import Encoder as Encoder
from seegrad.book2.ch07.seq2seq import Seq2seq as Seq2seq
from seegrad.book2.ch08.attention_layer import Attention as Attention
from seegrad.book2.ch08.attention_layer import AttentionWeight as AttentionWeight
from seegrad.book2.ch08.attention_layer import TimeAttention as TimeAttention
from seegrad.book2.ch08.attention_layer import WeightSum as WeightSum
from seegrad.book2.ch08.attention_seq2seq import AttentionBiEncoder as AttentionBiEncoder
from seegrad.book2.ch08.attention_seq2seq import AttentionBiSeq2seq as AttentionBiSeq2seq
from seegrad.book2.ch08.attention_seq2seq import AttentionDecoder as AttentionDecoder
from seegrad.book2.ch08.attention_seq2seq import AttentionEncoder as AttentionEncoder
from seegrad.book2.ch08.attention_seq2seq import AttentionSeq2seq as AttentionSeq2seq
from seegrad.book2.dataset import ptb as ptb
from seegrad.book2.dataset import sequence as sequence
from seegrad.book2.dataset import spiral as spiral
from seegrad.book2.functions import cross_entropy_error as cross_entropy_error
from seegrad.book2.functions import relu as relu
from seegrad.book2.functions import sigmoid as sigmoid
from seegrad.book2.functions import softmax as softmax
from seegrad.book2.layers import Affine as Affine
from seegrad.book2.layers import Dropout as Dropout
from seegrad.book2.layers import Embedding as Embedding
from seegrad.book2.layers import MatMul as MatMul
from seegrad.book2.layers import Sigmoid as Sigmoid
from seegrad.book2.layers import SigmoidWithLoss as SigmoidWithLoss
from seegrad.book2.layers import Softmax as Softmax
from seegrad.book2.layers import SoftmaxWithLoss as SoftmaxWithLoss
from seegrad.book2.network import Network as Network
from seegrad.book2.np import GPU as GPU
from seegrad.book2.np import np as np
from seegrad.book2.optimizer import SGD as SGD
from seegrad.book2.optimizer import AdaGrad as AdaGrad
from seegrad.book2.optimizer import Adam as Adam
from seegrad.book2.optimizer import Momentum as Momentum
from seegrad.book2.optimizer import Nesterov as Nesterov
from seegrad.book2.optimizer import RMSprop as RMSprop
from seegrad.book2.time_layers import GRU as GRU
from seegrad.book2.time_layers import LSTM as LSTM
from seegrad.book2.time_layers import RNN as RNN
from seegrad.book2.time_layers import Simple_TimeAffine as Simple_TimeAffine
from seegrad.book2.time_layers import Simple_TimeSoftmaxWithLoss as Simple_TimeSoftmaxWithLoss
from seegrad.book2.time_layers import TimeAffine as TimeAffine
from seegrad.book2.time_layers import TimeBiLSTM as TimeBiLSTM
from seegrad.book2.time_layers import TimeDropout as TimeDropout
from seegrad.book2.time_layers import TimeEmbedding as TimeEmbedding
from seegrad.book2.time_layers import TimeGRU as TimeGRU
from seegrad.book2.time_layers import TimeLSTM as TimeLSTM
from seegrad.book2.time_layers import TimeRNN as TimeRNN
from seegrad.book2.time_layers import TimeSigmoidWithLoss as TimeSigmoidWithLoss
from seegrad.book2.time_layers import TimeSoftmaxWithLoss as TimeSoftmaxWithLoss
from seegrad.book2.trainer import RnnlmTrainer as RnnlmTrainer
from seegrad.book2.trainer import Trainer as Trainer
from seegrad.book2.trainer import remove_duplicate as remove_duplicate
from seegrad.book2.util import analogy as analogy
from seegrad.book2.util import clip_grads as clip_grads
from seegrad.book2.util import convert_one_hot as convert_one_hot
from seegrad.book2.util import cos_similarity as cos_similarity
from seegrad.book2.util import create_co_matrix as create_co_matrix
from seegrad.book2.util import create_contexts_target as create_contexts_target
from seegrad.book2.util import eval_perplexity as eval_perplexity
from seegrad.book2.util import eval_seq2seq as eval_seq2seq
from seegrad.book2.util import most_similar as most_similar
from seegrad.book2.util import normalize as normalize
from seegrad.book2.util import ppmi as ppmi
from seegrad.book2.util import preprocess as preprocess
from seegrad.book2.util import to_cpu as to_cpu
from seegrad.book2.util import to_gpu as to_gpu
from seegrad.text import public

__all__ = [*public(globals()), "config", "np", "ptb", "sequence", "spiral"]
