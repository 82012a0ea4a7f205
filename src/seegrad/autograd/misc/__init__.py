"""autograd's `misc`: vectors of nested arrays, descents, fixed points, graphs that are kept."""

from seegrad.autograd.misc.flatten import flatten as flatten
from seegrad.autograd.misc.tracers import const_graph as const_graph
