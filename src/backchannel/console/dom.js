// Helpers for DOM elements. None parses HTML from a string.

/** Make an element: `element("p", { class: "quiet", text: "…", data: { state: "x" } }, ...children)`. */
export function element(name, { text, data, on, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  if (text !== undefined) made.textContent = text;
  Object.assign(made.dataset, data);
  for (const [type, listener] of Object.entries(on ?? {})) made.addEventListener(type, listener);
  made.append(...children.filter(Boolean));
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Set text only if it differs, so that screen readers and selections are not disturbed. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Make the children of a container match `items`, in order. Existing children are reused.
 * @param {Element} container
 * @param {{key: string}[]} items
 * @param {(item: object) => HTMLElement} make
 * @param {(node: HTMLElement, item: object) => void} update
 */
export function reconcile(container, items, make, update) {
  const present = new Map([...container.children].map((node) => [node.dataset.key, node]));
  let place = container.firstElementChild;
  for (const item of items) {
    let node = present.get(item.key);
    if (node) present.delete(item.key);
    else {
      node = make(item);
      node.dataset.key = item.key;
    }
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else container.insertBefore(node, place);
  }
  for (const node of present.values()) node.remove();
}
