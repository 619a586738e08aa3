/* The frame around the map: panels that fold, sections, title and warning.
 *
 * What the parts of the panels share lies in `page.parts` (nodes), `page.boxes` (inputs) and `page.ui` (functions).
 * On narrow screens panels start closed, and only one is open at a time. */
(function (page) {
  'use strict';

  const NARROW = 760;
  page.parts = {};
  page.boxes = Object.create(null);
  page.ui = {};
  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const parts = page.parts;

  function narrow() {
    return window.innerWidth < NARROW;
  }

  // ---- frame -----------------------------------------------------------------------------------------
  function panel(side, label) {
    const node = make('section', 'sp-panel sp-' + side);
    const body = make('div', 'sp-body');
    const head = page.text.button('sp-toggle', label, function () {
      fold(node, !node.classList.contains('sp-closed'));
    });
    node.appendChild(head);
    node.appendChild(body);
    fold(node, narrow());
    return { node: node, body: body };
  }

  function fold(node, closed) {
    node.classList.toggle('sp-closed', closed);
    if (!closed) page.emit('unfold');
    node.firstChild.setAttribute('aria-expanded', String(!closed));
    if (!closed && narrow()) {
      Array.prototype.forEach.call(document.querySelectorAll('.sp-panel'), function (other) {
        if (other !== node) fold(other, true);
      });
    }
  }

  function foldAll() {
    if (!narrow()) return;
    Array.prototype.forEach.call(document.querySelectorAll('.sp-panel'), function (node) { fold(node, true); });
  }

  function section(key, body, open) {
    const node = make('details', 'sp-section sp-section-' + key);
    node.open = Boolean(open);
    parts['summary_' + key] = node.appendChild(make('summary', '', word(key)));
    node.appendChild(body);
    node.addEventListener('toggle', function () {
      page.emit('section');
      if (node.open && page.ready) node.scrollIntoView({ block: 'nearest' });
    });
    return node;
  }

  function header() {
    const node = make('header', 'sp-header');
    const row = make('div', 'sp-title');
    const heading = make('h1');
    heading.appendChild(quote(page.settings.title));
    row.appendChild(heading);
    row.appendChild(quote(editionLine(), 'sp-edition'));
    node.appendChild(row);
    if (page.settings.warning.length) node.appendChild(warning(page.settings.warning));
    return node;
  }

  function editionLine() {
    const settings = page.settings;
    const parts = [word('edition', { name: settings.edition.name, run: settings.run.id || '–', version: settings.run.version })];
    if (settings.edition.snapped) parts.push(word('snapped', { n: settings.edition.snapped }));
    return parts.join(' · ');
  }

  function warning(lines) {
    const node = make('div', 'sp-warning');
    node.setAttribute('role', 'note');
    node.appendChild(make('strong', '', lines[0]));
    node.appendChild(quote(lines[1], 'sp-warning-more'));
    node.addEventListener('click', function () { node.classList.toggle('sp-open'); });
    return node;
  }

  Object.assign(page.ui, {
    panel: panel, section: section, foldAll: foldAll, narrow: narrow, header: header
  });
}(window.siteplan));
