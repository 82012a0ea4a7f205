"""A run told on one page: `report` gathers what there is to tell, `charts` draws it.

The page's own style and script lie beside it; nothing is trained here.
"""

from __future__ import annotations

from seegrad.training.report.report import REPORT, Report

__all__ = ["REPORT", "Report"]
