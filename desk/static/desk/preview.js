// The preview beside a form follows what is typed: the form goes to the server as it stands (desk/previews.py), which
// saves nothing and answers with the preview alone. Without this script a button does the same.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const region = document.getElementById("preview");
  const form = region && region.dataset.form && document.getElementById(region.dataset.form);
  if (!form) return;
  const PAUSE = 300; // milliseconds without a key
  const KEPT = "data:,"; // where the server leaves out the picture, which is here already
  const shown = region.querySelector("[data-shown]");
  const status = region.querySelector("[role=status]");
  const sent = { file: null, src: "" }; // the last picture that the server has shown
  let timer;
  let words = ""; // what the newest preview is of
  let asked = new AbortController();

  const say = (text) => { if (status.textContent !== text) status.textContent = text; };

  const filled = () => {
    const body = new FormData(form);
    body.append("_preview", "part");
    const input = form.querySelector("input[type=file]");
    const file = input && input.files[0];
    const isLarge = Boolean(file) && file.size > Number(region.dataset.most);
    const isKept = Boolean(file) && file === sent.file;
    if (isLarge || isKept) body.delete(input.name);
    if (isKept) body.append("_kept", "yes");
    return { body, file, isLarge };
  };

  const wordsOf = (body, file) =>
    JSON.stringify([[...body].filter(([name, value]) => name !== "_kept" && typeof value === "string"), file && [file.name, file.size, file.lastModified]]);

  const show = (text, file, isLarge) => {
    const part = new DOMParser().parseFromString(text, "text/html").querySelector("[data-status]");
    if (!part) throw new Error("no preview"); // the page of somebody who was signed out
    const drawn = part.querySelector('img[src^="data:image"]');
    if (drawn) Object.assign(sent, { file, src: drawn.getAttribute("src") });
    part.querySelectorAll(`img[src="${KEPT}"]`).forEach((image) => { image.src = sent.src; });
    shown.replaceChildren(document.adoptNode(part));
    say(isLarge ? region.dataset.large : part.dataset.status);
  };

  const follow = async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const { body, file, isLarge } = filled();
    words = wordsOf(body, file);
    try {
      const answer = await fetch(window.location.pathname + window.location.search, { method: "POST", body, signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      if (!signal.aborted) show(text, file, isLarge);
    } catch (error) {
      if (!signal.aborted) say(region.dataset.trouble);
    }
  };

  // Pickers of dates and times fill in their fields without telling: hence also a look whenever the focus moves.
  const look = () => {
    const { body, file } = filled();
    if (wordsOf(body, file) !== words) later();
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(follow, PAUSE);
  };

  ["input", "change", "focusin", "focusout"].forEach((name) => form.addEventListener(name, look));
  if (window.django) window.django.jQuery(form).on("change", look); // choices that jQuery draws tell jQuery alone
  form.addEventListener("submit", () => { clearTimeout(timer); asked.abort(); });
  region.querySelector("[name=_language]").addEventListener("change", look);
  words = wordsOf(filled().body, null);
  region.querySelector("[name=_preview]").hidden = true;
});
