"""One symbol: forecasts, how good they have been, and what follows.

``panel serve dashboards/pages/analysis.py``
"""

import panel as pn

from dashboards.analysis.shared import SharedAnalyses
from dashboards.analysis.state import AnalysisState
from dashboards.analysis.views import AnalysisView
from dashboards.shell import in_thread, keep_query, on_document, page, query
from stockanalyst.bootstrap import build_services


def content() -> AnalysisView:
    """State and view of one session, which begins with what its address asks for."""
    analyses = pn.state.as_cached("analyses", lambda: SharedAnalyses(build_services().analysis))
    state = AnalysisState(analyses, work=in_thread, apply=on_document())
    if state.restore(query()):
        pn.state.onload(state.submit)
    state.param.watch(lambda event: keep_query(**event.new), "query")
    return AnalysisView(state)


page("Stock analysis", content).servable()
