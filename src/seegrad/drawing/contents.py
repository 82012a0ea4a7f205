"""The table of contents of pictures: what shows graphs, and the names that are called to see them.

Read when one of them is asked for, or when a graph is to be shown, so that nobody who looks at a
graph waits for what trains one. Nothing is defined here.
"""

from seegrad.drawing.display import draw as draw
from seegrad.drawing.display import show as show
from seegrad.drawing.formula.derivation import explain as explain
from seegrad.drawing.formula.document import Derivation as Derivation
from seegrad.drawing.notebook import widget as widget
from seegrad.drawing.scene.film import film as film
