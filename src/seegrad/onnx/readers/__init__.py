"""ONNX's operators in ours, by kind: each file ends with a table from an operator's name to what
reads it, and `seegrad.onnx.operators` puts the tables together.

`values` is what readers share. Small ones: `elementwise`, `reductions`, `shapes`, `picking`,
`scattering`. Larger ones leave a box of their name in pictures: `windows`, `recurrence`,
`normalizing`, `resizing`, `sampling`, `attention`, `losses`, `signals`, `quantized`, `control`
(graphs inside of steps), `classical` (the domain ai.onnx.ml).
"""
