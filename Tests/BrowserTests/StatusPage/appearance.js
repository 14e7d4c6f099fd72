// What a test cannot see by itself: the contrast of each visible text, and what reaches beyond the window.
// A phone's window grows with what is too wide for it, so that the width is given.
const [width] = arguments;
const channel = (value) => { const it = value / 255; return it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4; };
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ratio = (one, other) => { const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
const color = (text) => {
  const parts = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  return [...parts.slice(0, 3), parts.length > 3 ? parts[3] : 1];
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const background = (element) => {
  const layers = [];
  for (let it = element; it; it = it.parentElement) {
    const layer = color(getComputedStyle(it).backgroundColor);
    if (layer[3] > 0) layers.push(layer);
    if (layer[3] === 1 || it.tagName === "DIALOG") break;
  }
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};
const opacity = (element) => { let all = 1; for (let it = element; it; it = it.parentElement) all *= Number(getComputedStyle(it).opacity); return all; };
// What is there for a screen reader only is clipped to a point.
const clipped = (it) => { for (let at = it; at; at = at.parentElement) if (getComputedStyle(at).clipPath !== "none") return true; return false; };
const visible = (element) => {
  const box = element.getBoundingClientRect();
  return element.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1 && !clipped(element);
};
const looks = { texts: 0, faint: [], beyond: [], moving: [] };
const judge = (element, style, text, least) => {
  const below = background(element);
  const ink = color(style.color);
  const found = ratio(over([...ink.slice(0, 3), ink[3] * opacity(element)], below), below);
  looks.texts += 1;
  if (found < least) looks.faint.push(`${found.toFixed(2)}: ${text.trim().slice(0, 60)}`);
};
for (const element of document.body.querySelectorAll("*")) {
  if (["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) || !visible(element)) continue;
  const style = getComputedStyle(element);
  for (const node of element.childNodes) if (node.nodeType === 3 && node.data.trim()) judge(element, style, node.data, 4.5);
  for (const part of ["::before", "::after", "::placeholder"]) {
    const own = getComputedStyle(element, part);
    const words = part === "::placeholder" ? element.placeholder : own.content.replace(/^"|"$|^none$|^normal$/g, "");
    if (words && own.display !== "none") judge(element, own, words, 4.5);
  }
  if (element.matches("button, input:not([type=checkbox])")) {
    const around = background(element.parentElement);
    const found = ratio(over(color(style.borderTopColor), around), around);
    if (found < 3) looks.faint.push(`${found.toFixed(2)}: border of ${element.id || element.textContent}`);
  }
  const box = element.getBoundingClientRect();
  const scrolls = element.parentElement.closest("pre, .scroll");
  if (!scrolls && (box.right > width + 1 || box.left < -1)) looks.beyond.push(element.id || `${element.tagName} ${element.textContent.slice(0, 40)}`);
  if (style.transitionDuration !== "0s" || style.animationName !== "none") looks.moving.push(element.id || element.className);
}
if (document.documentElement.scrollWidth > width) looks.beyond.push(`the page is ${document.documentElement.scrollWidth} wide`);
return looks;
