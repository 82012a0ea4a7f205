"""Scene → plan: `labels` says what is written where, `measure` how much room that takes, `nested`
and `layered` where everything stands. The look (colours, faces) is `theme`.

Nothing is drawn here.
"""
