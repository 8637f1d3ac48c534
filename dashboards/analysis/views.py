"""What the analysis page shows."""

from html import escape

import panel as pn

from dashboards.analysis.html import (
    data_html,
    legend_html,
    news_html,
    recommendation_html,
    tables_html,
)
from dashboards.analysis.state import AnalysisState
from dashboards.components.live_status import LiveStatus
from dashboards.components.symbol_form import SymbolForm
from dashboards.shell import STYLE, text
from stockanalyst.forecasting.base import MAX_HORIZON
from stockanalyst.reporting.figures import fan_chart, fan_chart_text


class AnalysisView(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """The form, what is being done, and the last analysis.

    Parameters
    ----------
    state : AnalysisState
    """

    def __init__(self, state: AnalysisState) -> None:
        super().__init__()
        self._state = state
        inputs = state.param
        self.form = SymbolForm(
            state.ask,
            symbol=inputs.symbol,
            horizon=inputs.horizon,
            busy=inputs.busy,
            maximum=MAX_HORIZON,
            stylesheets=[STYLE],
            margin=0,
            sizing_mode="stretch_width",
        )
        self.status = LiveStatus(
            status=inputs.status,
            share=inputs.share,
            busy=inputs.busy,
            error=inputs.error,
            stylesheets=[STYLE],
            margin=0,
            sizing_mode="stretch_width",
        )
        self.recommendation, self.legend, self.tables = text(), text(), text()
        self.news, self.data = text(), text()
        self.chart = pn.pane.HoloViews(margin=0, sizing_mode="stretch_width")
        self.result = pn.Column(
            self.recommendation,
            self.chart,
            self.legend,
            self.tables,
            self.news,
            self.data,
            sizing_mode="stretch_width",
            visible=False,
        )
        state.param.watch(self._show, "analysis")

    def _show(self, _event: object) -> None:
        analysis = self._state.analysis
        figure = fan_chart(analysis)
        self.recommendation.object = recommendation_html(analysis)
        self.chart.object = figure.opts(show_legend=False, backend="bokeh")
        self.legend.object = legend_html(figure) + f"<p>{escape(fan_chart_text(analysis))}</p>"
        self.tables.object = tables_html(analysis)
        self.news.object = news_html(analysis)
        self.data.object = data_html(analysis)
        self.result.visible = True

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(
            self.form, self.status, self.result, margin=(0, 16), sizing_mode="stretch_width"
        )
