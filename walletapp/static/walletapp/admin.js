// Unfold's pages name no main part, which screen readers jump to.
document.addEventListener("DOMContentLoaded", () => document.getElementById("main")?.setAttribute("role", "main"));

// A button with data-copy copies it, and says so to everybody in the status line beside it. Browsers give pages without
// TLS no clipboard: there the text is selected and copied the old way.
const copyOld = (text) => {
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("aria-hidden", "true");
  field.style.cssText = "position:fixed;opacity:0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.dataset.copy || document.getElementById(button.dataset.copyOf).textContent;
  const done = await (navigator.clipboard?.writeText(text).then(() => true, () => copyOld(text)) ?? copyOld(text));
  button.focus();
  const status = button.closest("[data-copies]").querySelector("[role=status]");
  status.textContent = ""; // so that the same words are read out again
  setTimeout(() => { status.textContent = done ? button.dataset.copied : status.dataset.failed; }, 50);
});
