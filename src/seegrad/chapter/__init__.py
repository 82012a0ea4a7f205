"""The chapter "backpropagation", alive: its figures as graphs, its text in Korean and English, and
the page that puts them together. Nothing is computed, drawn or derived here.
"""
