// A native form: Enter submits from any field, and both values travel in one message.
const MARKUP = `
  <form novalidate aria-label="What to analyse">
    <label>Symbol
      <input name="symbol" size="12" autocomplete="off" autocapitalize="characters"
             spellcheck="false" aria-describedby="symbol-hint">
    </label>
    <label>Horizon in sessions
      <input name="horizon" type="number" min="1" step="1" inputmode="numeric">
    </label>
    <button type="submit">Analyse</button>
    <small id="symbol-hint">A ticker such as AAPL, BRK-B or TCS.NS</small>
  </form>`

export function render({model, el}) {
  el.innerHTML = MARKUP
  const form = el.querySelector("form")
  const {symbol, horizon} = form.elements
  const button = form.querySelector("button")
  horizon.max = model.maximum

  const fillSymbol = () => { symbol.value = model.symbol }
  const fillHorizon = () => { horizon.value = model.horizon }
  const tellBusy = () => {
    button.setAttribute("aria-disabled", model.busy)
    button.textContent = model.busy ? "Analysing…" : "Analyse"
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    if (!model.busy) {
      model.send_msg({symbol: symbol.value, horizon: horizon.value})
    }
  })
  // The address says what is shown: "back" asks for what it said before.
  window.addEventListener("popstate", () => window.location.reload())
  model.on("symbol", fillSymbol)
  model.on("horizon", fillHorizon)
  model.on("busy", tellBusy)
  fillSymbol()
  fillHorizon()
  tellBusy()
}
