// The preview of a brand's design follows the form. What is empty follows the brand, as in applewallet/looks.py.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const preview = document.getElementById("wallet-preview");
  if (!preview) return;
  const field = (name) => document.getElementById(`id_${name}`);
  const color = (name, otherwise) => {
    const value = field(name) ? field(name).value.trim() : "";
    return /^#[0-9a-f]{6}$/i.test(value) ? value : otherwise;
  };
  const luminance = (hex) => {
    const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const show = () => {
    const background = color("background_color", preview.dataset.background);
    const readable = contrast(background, "#000000") > contrast(background, "#ffffff") ? "#000000" : "#ffffff";
    const foreground = color("foreground_color", readable);
    const colors = { foreground, label: color("label_color", foreground) };
    preview.querySelectorAll('[data-part="background"]').forEach((part) => part.setAttribute("fill", background));
    preview.querySelectorAll("[data-color]").forEach((part) => part.setAttribute("fill", colors[part.dataset.color]));
    const text = field("logo_text") ? field("logo_text").value : "";
    preview.querySelectorAll('[data-part="name"]').forEach((part) => { part.textContent = text || preview.dataset.name; });
    const low = Math.min(contrast(background, foreground), contrast(background, colors.label)) < 4.5;
    const note = document.getElementById("wallet-contrast");
    note.textContent = low ? note.dataset.low : "";
  };
  document.addEventListener("input", show);
  show();
});
