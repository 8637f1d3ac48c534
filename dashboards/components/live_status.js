// Regions that stay where they are while their text changes: so screen readers read the change out.
const MARKUP = `
  <p role="status" aria-live="polite"></p>
  <progress max="1" aria-label="How much of it is done"></progress>
  <p role="alert"></p>`

export function render({model, el}) {
  el.innerHTML = MARKUP
  const [status, progress, alert] = el.children
  const update = () => {
    status.textContent = model.status
    progress.value = model.share
    progress.style.visibility = model.busy ? "visible" : "hidden"
    alert.textContent = model.error
    alert.hidden = model.error === ""
  }
  for (const name of ["status", "share", "busy", "error"]) {
    model.on(name, update)
  }
  update()
}
