// Unfold's pages name no main part, which screen readers jump to.
document.addEventListener("DOMContentLoaded", () => document.getElementById("main")?.setAttribute("role", "main"));

// SimpleBar makes a landmark of everything that scrolls, all of the same English name. The list keeps it, by the name of the page.
addEventListener("load", () => document.querySelectorAll(".simplebar-content-wrapper[role=region]").forEach((area) => {
  if (area.querySelector("#result_list")) area.setAttribute("aria-label", document.title.split(" | ")[0]);
  else ["role", "aria-label"].forEach((name) => area.removeAttribute(name));
}));

// Two parts that have no name of their own: the tabs of a page, and the field in which one looks for several choices.
addEventListener("load", () => {
  document.getElementById("tabs-items")?.setAttribute("aria-label", document.title.split(" | ")[0]);
  document.querySelectorAll("select[multiple]").forEach((select) => {
    const label = select.labels[0]?.textContent.trim();
    const name = () => label && select.parentElement.querySelector(".select2-search__field")?.setAttribute("aria-label", label);
    name();
    new MutationObserver(name).observe(select.parentElement, { childList: true, subtree: true }); // it may be made later, or anew
  });
});

// What Unfold opens by clicks alone: the side bar, one's own menu, the filters of a list, further tabs, the theme. Here Tab reaches it,
// Enter opens it and goes in, Escape closes it and comes back.
const AREAS = {
  sidebarMobileOpen: () => document.getElementById("nav-sidebar"),
  openUserLinks: (opener) => opener.previousElementSibling,
  filterOpen: () => document.getElementById("changelist-filter"),
};
const OPENERS = [...Object.keys(AREAS), "sidebarDesktopOpen", "openTabsDropdown", "switchTheme"]
  .map((what) => `[x-on\\:click*="${what}"]:not(button, a[href], #changelist-filter-close)`).join();
const areaOf = (opener) => Object.entries(AREAS).find(([what]) => opener.getAttribute("x-on:click").includes(what))?.[1](opener);
let opener = null;

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(OPENERS).forEach((one) => {
  one.tabIndex = 0;
  one.setAttribute("role", "button");
  one.querySelectorAll(".material-symbols-outlined").forEach((icon) => icon.setAttribute("aria-hidden", "true"));
  if (one.matches("span, [x-on\\:click*=openTabsDropdown]")) one.setAttribute("aria-label", "Menu");
  tellWhetherOpen(one, areaOf(one));
}));

function tellWhetherOpen(one, area) {
  if (!area) return;
  const tell = () => one.setAttribute("aria-expanded", area.checkVisibility());
  tell();
  const changes = new MutationObserver(tell);
  [area, area.parentElement].forEach((part) => changes.observe(part, { attributes: true, attributeFilter: ["class", "style"] }));
}

function goIn(area, tries = 40) { // it may have to be slid in first
  const first = area.querySelector("a[href], button, input:not([type=hidden]), select, [role=button]");
  first?.focus();
  if (first !== document.activeElement && tries) setTimeout(() => goIn(area, tries - 1), 50);
}

document.addEventListener("keydown", (event) => {
  if (["Enter", " "].includes(event.key) && event.target.matches(OPENERS)) {
    event.preventDefault();
    event.target.click();
    if (!areaOf(event.target)) return;
    opener = event.target;
    goIn(areaOf(opener));
  } else if (event.key === "Escape" && opener && areaOf(opener).contains(event.target)) {
    (opener.matches("span") ? opener : document.body).click(); // the side bar is switched, the others close by a click elsewhere
    opener.focus();
    opener = null;
  }
});

// On a phone each cell of a list says its column, as a sentence begins. Unfold calls the first one a record to select, also where
// nothing can be selected.
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("#result_list [data-label]").forEach((cell) => {
  const isFirst = cell.cellIndex === 0 && !cell.querySelector("input[type=checkbox]");
  const label = isFirst ? cell.closest("table").tHead.rows[0].cells[0].textContent.trim() : cell.dataset.label;
  cell.dataset.label = label.charAt(0).toUpperCase() + label.slice(1);
}));

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
