/* What stands around the map: title, warning, numbers, search, ranking, layers with their legend.
 *
 * One decision to know: the layer list is the legend, so a legend cannot disagree with what is shown.
 * On narrow screens both panels start closed. */
(function (page) {
  'use strict';

  const NARROW = 760;
  const SHOWN = 40;
  const SWITCHES = ['proposed', 'villages', 'sites', 'gaps', 'properties', 'others', 'counties'];
  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const number = page.text.number;
  const boxes = {};
  let results = null;
  let search = null;

  function narrow() {
    return window.innerWidth < NARROW;
  }

  // ---- frame ----------------------------------------------------------------------------------
  function panel(side, label) {
    const node = make('section', 'sp-panel sp-' + side);
    const head = make('button', 'sp-toggle', label);
    const body = make('div', 'sp-body');
    head.type = 'button';
    head.addEventListener('click', function () { fold(node, !node.classList.contains('sp-closed')); });
    node.appendChild(head);
    node.appendChild(body);
    fold(node, narrow());
    return { node: node, body: body };
  }

  function fold(node, closed) {
    node.classList.toggle('sp-closed', closed);
    node.firstChild.setAttribute('aria-expanded', String(!closed));
    if (!closed && narrow()) {
      Array.prototype.forEach.call(document.querySelectorAll('.sp-panel'), function (other) {
        if (other !== node) fold(other, true);
      });
    }
  }

  function foldAll() {
    if (!narrow()) return;
    Array.prototype.forEach.call(document.querySelectorAll('.sp-panel'), function (node) {
      fold(node, true);
    });
  }

  function header() {
    const node = make('header', 'sp-header');
    const row = make('div', 'sp-title');
    row.appendChild(quoteHeading(page.settings.title));
    node.appendChild(row);
    if (page.settings.warning.length) node.appendChild(warning(page.settings.warning));
    return node;
  }

  function quoteHeading(text) {
    const heading = make('h1');
    heading.appendChild(quote(text));
    return heading;
  }

  function warning(lines) {
    const node = make('div', 'sp-warning');
    node.setAttribute('role', 'note');
    node.appendChild(make('strong', '', lines[0]));
    node.appendChild(quote(lines[1], 'sp-warning-more'));
    node.addEventListener('click', function () { node.classList.toggle('sp-open'); });
    return node;
  }

  // ---- plan: numbers, search, ranking ----------------------------------------------------------
  function facts() {
    const node = make('dl', 'sp-facts');
    page.settings.facts.forEach(function (fact) {
      const box = make('div', 'sp-fact sp-fact-' + fact.key);
      box.appendChild(make('dt', '', fact.label));
      const value = make('dd', '', fact.value);
      if (fact.note) value.appendChild(make('small', '', fact.note));
      box.appendChild(value);
      node.appendChild(box);
    });
    return node;
  }

  function notes() {
    const node = make('div', 'sp-notes');
    page.settings.notes.forEach(function (text) {
      const part = make('p');
      part.appendChild(quote(text));
      node.appendChild(part);
    });
    return node;
  }

  function plan() {
    const side = panel('plan', word('panel'));
    side.body.appendChild(facts());
    side.body.appendChild(searchBox());
    results = make('ol', 'sp-list');
    results.addEventListener('click', chosen);
    side.body.appendChild(results);
    side.body.appendChild(notes());
    return side.node;
  }

  function searchBox() {
    const node = make('div', 'sp-search');
    search = make('input');
    search.type = 'search';
    search.placeholder = word('search');
    search.setAttribute('aria-label', word('search'));
    search.addEventListener('input', function () { list(search.value); });
    node.appendChild(search);
    node.appendChild(make('p', 'sp-found'));
    return node;
  }

  function chosen(event) {
    const button = event.target.closest('button');
    if (!button) return;
    foldAll();
    page.go(button.dataset.key, Number(button.dataset.row));
  }

  function row(key, index) {
    const get = page.getter(key, index);
    const button = make('button', 'sp-row');
    button.type = 'button';
    button.dataset.key = key;
    button.dataset.row = String(index);
    button.appendChild(page.chip(key, index));
    const text = make('span', 'sp-row-text');
    text.appendChild(quote(page.name(key, index), 'sp-row-name'));
    text.appendChild(quote(small(key, get), 'sp-row-small'));
    button.appendChild(text);
    const item = make('li');
    item.appendChild(button);
    return item;
  }

  function small(key, get) {
    const parts = [[get('county'), get('town')].filter(Boolean).join(' ')];
    if (key === 'others') parts.unshift(get('candidate_id'));
    if (key === 'proposed') {
      if (get('stations')) parts.push(word('unit_stations', { n: get('stations') }));
      if (get('people_newly_covered')) {
        parts.push('+' + word('unit_people', { n: number(get('people_newly_covered')) }));
      }
      if (get('villages_newly_covered')) {
        parts.push('+' + word('unit_villages', { n: get('villages_newly_covered') }));
      }
    }
    return parts.filter(Boolean).join(' · ');
  }

  function ranking() {
    const count = page.layers.proposed.spec.n;
    const rows = [];
    for (let index = count - 1; index >= 0; index -= 1) rows.push(['proposed', index]);
    return rows;
  }

  const SEARCHED = {
    proposed: ['candidate_id', 'name', 'town', 'village', 'county'],
    villages: ['village', 'town'],
    others: ['candidate_id', 'name', 'town']
  };

  function matches(text) {
    const found = [];
    Object.keys(SEARCHED).forEach(function (key) {
      const each = page.layers[key];
      for (let index = each.spec.n - 1; index >= 0; index -= 1) {
        if (fits(page.getter(key, index), SEARCHED[key], text)) found.push([key, index]);
      }
    });
    return found;
  }

  function fits(get, columns, text) {
    return columns.some(function (column) {
      const value = get(column);
      return value && String(value).toLowerCase().indexOf(text) >= 0;
    });
  }

  function list(query) {
    const text = query.trim().toLowerCase();
    const found = text ? matches(text) : ranking();
    const shown = text ? found.slice(0, SHOWN) : found;
    const part = document.createDocumentFragment();
    shown.forEach(function (each) { part.appendChild(row(each[0], each[1])); });
    results.textContent = '';
    results.appendChild(part);
    say(text, found.length, shown.length);
  }

  function say(text, count, shown) {
    const values = { n: count, shown: shown };
    const key = shown < count ? 'found_first' : 'found';
    const heading = word('ranked') + ' (' + count + ')';
    document.querySelector('.sp-found').textContent = text ? word(key, values) : heading;
  }

  // ---- layers and legend ------------------------------------------------------------------------
  function swatch(look, kind) {
    const node = make('i', 'sp-swatch sp-swatch-' + kind);
    node.style.background = look.fill;
    if (look.line) node.style.borderColor = look.line;
    if (look.size) {
      const size = Math.round(Math.min(15, look.size * 2 + 4));
      node.style.width = size + 'px';
      node.style.height = size + 'px';
    }
    return node;
  }

  function legend(classes, kind) {
    const node = make('ul', 'sp-legend');
    classes.forEach(function (look) {
      const item = make('li');
      item.appendChild(swatch(look, kind));
      item.appendChild(quote(look.label));
      node.appendChild(item);
    });
    return node;
  }

  function option(type, group, key, label, on, change) {
    const node = make('label', 'sp-option');
    const box = make('input');
    box.type = type;
    box.name = group;
    box.value = key;
    box.checked = on;
    box.addEventListener('change', function () { change(box.checked); });
    node.appendChild(box);
    node.appendChild(make('span', '', label));
    boxes[key] = box;
    return node;
  }

  function layerRow(key) {
    const each = page.layers[key];
    const node = make('div', 'sp-layer');
    const label = each.spec.name + ' (' + number(each.spec.n) + ')';
    node.appendChild(option('checkbox', 'layer', key, label, each.shown, function (on) {
      page.show(key, on);
      node.classList.toggle('sp-off', !on);
    }));
    node.classList.toggle('sp-off', !each.shown);
    if (each.spec.classes.length > 1) node.appendChild(legend(each.spec.classes, each.spec.kind));
    else node.firstChild.insertBefore(swatch(each.spec.classes[0], each.spec.kind), node.firstChild.lastChild);
    return node;
  }

  function coverageRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('coverage')));
    const choice = make('div', 'sp-choice');
    const scale = legend(page.settings.coverage, 'area');
    const shade = legend(page.settings.terrain, 'area');
    shade.hidden = true;
    ['coverage_before', 'coverage_after', 'coverage_terrain', 'coverage_off'].forEach(function (key) {
      if (key === 'coverage_terrain' && !page.pictures[key]) return;
      choice.appendChild(option('radio', 'coverage', key, word(key), key === 'coverage_after', function () {
        coverage(key);
        shade.hidden = key !== 'coverage_terrain';
        scale.hidden = !shade.hidden;
      }));
    });
    node.appendChild(choice);
    node.appendChild(scale);
    node.appendChild(shade);
    return node;
  }

  function coverage(key) {
    page.showPicture('coverage_before', key === 'coverage_before');
    page.showPicture('coverage_after', key === 'coverage_after');
    page.showPicture('coverage_terrain', key === 'coverage_terrain');
  }

  function layers() {
    const side = panel('layers', word('layers'));
    SWITCHES.slice(0, 2).forEach(function (key) { side.body.appendChild(layerRow(key)); });
    side.body.appendChild(coverageRow());
    SWITCHES.slice(2).forEach(function (key) {
      if (page.layers[key]) side.body.appendChild(layerRow(key));
    });
    if (page.pictures.relief) {
      page.showPicture('relief', true);
      side.body.appendChild(make('div', 'sp-layer')).appendChild(
        option('checkbox', 'layer', 'relief', word('layer_relief'), true, function (on) {
          page.showPicture('relief', on);
        }));
    }
    return side.node;
  }

  /* A layer that was switched on from elsewhere shows as on. */
  function changed() {
    Object.keys(page.layers).forEach(function (key) {
      if (!boxes[key]) return;
      boxes[key].checked = page.layers[key].shown;
      boxes[key].closest('.sp-layer').classList.toggle('sp-off', !page.layers[key].shown);
    });
  }

  // ---- start --------------------------------------------------------------------------------------
  function wholeButton() {
    const control = L.control({ position: 'topright' });
    control.onAdd = function () {
      const node = make('div', 'leaflet-bar');
      const button = make('button', 'sp-whole', '⤢');
      button.type = 'button';
      button.title = word('whole');
      button.addEventListener('click', home);
      node.appendChild(button);
      L.DomEvent.disableClickPropagation(node);
      return node;
    };
    control.addTo(page.map);
  }

  /* Room that the panels leave: left, top, right, bottom in pixels. */
  function room() {
    if (narrow()) return [8, 58, 8, 58];
    const left = document.querySelector('.sp-plan').offsetWidth + 20;
    return [left, 10, window.innerWidth < 1100 ? 60 : 270, 10];
  }

  function home() {
    const free = room();
    page.map.fitBounds(page.settings.bounds, {
      animate: false, paddingTopLeft: free.slice(0, 2), paddingBottomRight: free.slice(2)
    });
  }

  page.changed = changed;
  page.room = room;
  page.finish = function () {
    const root = document.createDocumentFragment();
    const frame = make('main', 'sp-frame');
    root.appendChild(header());
    [plan(), layers()].forEach(function (node) { frame.appendChild(node); });
    const holder = page.map.getContainer();
    root.appendChild(frame);
    document.body.insertBefore(root, holder);
    frame.insertBefore(holder, frame.firstChild);
    page.map.invalidateSize({ animate: false });
    list('');
    coverage('coverage_after');
    wholeButton();
    home();
    page.ready = true;
  };
}(window.siteplan));
