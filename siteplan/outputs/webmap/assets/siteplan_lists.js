/* Lists: villages that still do without, filters, search, and the ranking. */
(function (page) {
  'use strict';

  const SHOWN = 40;
  const CHUNK = 100;
  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const parts = page.parts;
  const boxes = page.boxes;
  const ui = page.ui;

  // ---- villages that still do without ------------------------------------------------------------------
  function leftBox() {
    parts.left = make('div', 'sp-scroll sp-left');
    return parts.left;
  }

  function leftRows() {
    const each = page.layers.villages;
    if (!parts.left || !each) return;
    parts.left.textContent = '';
    const isOpen = parts.left.parentNode.open;
    let count = 0;
    for (let row = 0; row < each.spec.n; row += 1) {
      const state = page.villageLook(row).value;
      if (!each.pass[row] || state === 'covered' || state === 'newly') continue;
      count += 1;
      if (!isOpen) continue;
      const text = [each.read(row, 'county'), each.read(row, 'town')].filter(Boolean).join(' ');
      const button = page.text.button('sp-row', null, function () {
        ui.foldAll();
        page.go('villages', row);
      });
      const box = make('span', 'sp-row-text');
      box.appendChild(quote(page.name('villages', row), 'sp-row-name'));
      box.appendChild(quote(text, 'sp-row-small'));
      button.appendChild(box);
      parts.left.appendChild(button);
    }
    parts.summary_left_villages.textContent = word('left_villages') + ' (' + count + ')';
  }

  // ---- filters ---------------------------------------------------------------------------------------
  function values(column, county) {
    const found = new Set();
    ['proposed', 'others', 'villages'].forEach(function (key) {
      const each = page.layers[key];
      if (!each || !each.spec.columns[column]) return;
      for (let row = 0; row < each.spec.n; row += 1) {
        if (county && each.read(row, 'county') !== county) continue;
        if (each.read(row, column)) found.add(each.read(row, column));
      }
    });
    return Array.from(found).sort(function (a, b) { return a < b ? -1 : 1; });
  }

  function choices(key) {
    const settings = page.settings;
    if (key === 'county') return settings.counties.map(function (each) { return [each.county, each.county]; });
    if (key === 'network') return settings.networks.map(function (each) { return [each, each]; });
    if (key === 'purpose') return page.layers.proposed.spec.classes.map(function (each) { return [each.value, each.label]; });
    if (key === 'band') return settings.bands.map(function (each) { return [each, each]; });
    if (key === 'status') {
      return settings.returns.statuses.map(function (each) { return [each, word('status_' + each)]; });
    }
    return values(key, key === 'town' ? page.state.filters.county : null).map(function (each) { return [each, each]; });
  }

  const LABELS = {
    county: 'county', town: 'filter_town', purpose: 'filter_purpose', source_type: 'filter_source_type', network: 'filter_network', band: 'filter_band',
    status: 'filter_status'
  };

  function filterBox() {
    const node = make('div', 'sp-filters');
    Object.keys(LABELS).forEach(function (key) {
      if (key === 'status' && !page.settings.edition.returns) return;
      if (key === 'purpose' && !page.layers.proposed.spec.source_classes) return;
      const row = make('label', 'sp-filter');
      row.appendChild(make('span', '', word(LABELS[key])));
      const select = make('select');
      select.addEventListener('change', function () { page.setFilter(key, select.value); });
      row.appendChild(select);
      node.appendChild(row);
      boxes['filter_' + key] = select;
      options(key);
    });
    const row = make('label', 'sp-filter sp-filter-check');
    const box = make('input');
    box.type = 'checkbox';
    box.addEventListener('change', function () { page.setFilter('uncertain', box.checked ? 1 : null); });
    row.appendChild(box);
    row.appendChild(make('span', '', word('filter_uncertain')));
    node.appendChild(row);
    boxes.filter_uncertain = box;
    const end = make('div', 'sp-filter-end');
    parts.filtered = make('span', 'sp-found');
    end.appendChild(parts.filtered);
    end.appendChild(page.text.button('sp-link', word('filter_clear'), clearFilters));
    node.appendChild(end);
    return node;
  }

  function options(key) {
    const select = boxes['filter_' + key];
    select.textContent = '';
    [['', word('filter_all')]].concat(choices(key)).forEach(function (pair) {
      const option = make('option', '', page.text.label(pair[1], 30));
      option.value = pair[0];
      select.appendChild(option);
    });
    select.value = page.state.filters[key] || '';
  }

  function clearFilters() {
    page.state.filters = {};
    page.filter();
  }

  function filtered() {
    if (!boxes.filter_town) return;
    options('town');
    Object.keys(LABELS).forEach(function (key) {
      if (boxes['filter_' + key]) boxes['filter_' + key].value = page.state.filters[key] || '';
    });
    boxes.filter_uncertain.checked = Boolean(page.state.filters.uncertain);
    const active = Object.keys(page.state.filters).filter(function (key) { return key !== 'county' && page.state.filters[key]; }).length;
    parts.summary_filters.textContent = active ? word('filters_on', { n: active }) : word('filters');
    if (boxes.county) boxes.county.value = page.state.filters.county || '';
    const each = page.layers.proposed;
    const passing = each.pass.reduce(function (sum, one) { return sum + one; }, 0);
    parts.filtered.textContent = word('filter_count', { n: passing, total: each.spec.n });
    ui.said();
    list();
  }

  // ---- search and ranking --------------------------------------------------------------------------
  function searchBox() {
    const node = make('div', 'sp-search');
    parts.search = make('input');
    parts.search.type = 'search';
    parts.search.placeholder = word('search');
    parts.search.setAttribute('aria-label', word('search'));
    parts.search.addEventListener('input', list);
    node.appendChild(parts.search);
    const line = make('div', 'sp-found-line');
    parts.found = make('p', 'sp-found');
    line.appendChild(parts.found);
    parts.near = page.text.button('sp-link', word('sort_near'), function () {
      sortNear = !sortNear;
      parts.near.textContent = word(sortNear ? 'sort_rank' : 'sort_near');
      list();
    });
    page.map.on('moveend', function () { if (sortNear && !page.state.position) list(); });
    line.appendChild(parts.near);
    node.appendChild(line);
    return node;
  }

  let sortNear = false;

  /* From where distances are counted: my position where it is known, else the middle of the map. */
  function origin() {
    return page.state.position || page.map.getCenter();
  }

  function distanceTo(row) {
    const get = page.getter('proposed', row);
    return page.geo.distance(origin(), { lat: get('lat'), lng: get('lon') });
  }

  function chosen(event) {
    const button = event.target.closest('button');
    if (!button || !button.dataset.key) return;
    ui.foldAll();
    page.go(button.dataset.key, Number(button.dataset.row));
  }

  function row(key, index) {
    const get = page.getter(key, index);
    const button = page.text.button('sp-row');
    button.dataset.key = key;
    button.dataset.row = String(index);
    button.appendChild(page.chip(key, index));
    const text = make('span', 'sp-row-text');
    text.appendChild(quote(page.name(key, index), 'sp-row-name'));
    if (key === 'proposed' && get('benefit')) text.appendChild(quote(get('benefit'), 'sp-row-benefit'));
    text.appendChild(quote(small(key, get, index), 'sp-row-small'));
    button.appendChild(text);
    button.classList.toggle('sp-later', key === 'proposed' && !page.isBuilt(get('rank')));
    const item = make('li');
    item.appendChild(button);
    return item;
  }

  function small(key, get, index) {
    const found = [[get('county'), get('town')].filter(Boolean).join(' ')];
    if (key === 'others') found.unshift(get('candidate_id'));
    if (key === 'proposed') {
      if (get('stations')) found.push(word('unit_stations', { n: get('stations') }));
      if (page.rankOf(index) !== get('rank')) found.push(word('rank_in_all', { n: get('rank') }));
      const status = page.statusOf(get('candidate_id'));
      if (status !== 'PROPOSED') found.unshift(word('status_' + status));
      if (sortNear) found.unshift(page.lengthText(distanceTo(index)));
    }
    return found.filter(Boolean).join(' · ');
  }

  const SEARCHED = {
    proposed: ['candidate_id', 'name', 'town', 'village', 'county'],
    villages: ['village', 'town'],
    others: ['candidate_id', 'name', 'town'],
    sites: ['site_id', 'site_name'],
    properties: ['property_id', 'property_name', 'town']
  };
  let letters = null;

  /* First letters a character can stand for. */
  function lettersOf(character) {
    if (!letters) {
      letters = new Map();
      Object.keys(page.settings.initials).forEach(function (key) {
        Array.from(page.settings.initials[key]).forEach(function (each) { letters.set(each, key); });
      });
    }
    return letters.get(character) || character.toLowerCase();
  }

  function initialsFit(value, text) {
    const characters = Array.from(value.length > 200 ? value.slice(0, 200) : value);
    for (let start = 0; start + text.length <= characters.length; start += 1) {
      let at = 0;
      while (at < text.length && lettersOf(characters[start + at]).indexOf(text[at]) >= 0) at += 1;
      if (at === text.length) return true;
    }
    return false;
  }

  function fits(get, columns, text, initials) {
    return columns.some(function (column) {
      const value = get(column);
      if (!value) return false;
      const plain = String(value);
      return plain.toLowerCase().indexOf(text) >= 0 || (initials && initialsFit(plain, text));
    });
  }

  /* Whether a village is in a state that is searched for, such as those that still do without. */
  function isInState(key, index, text) {
    return key === 'villages' && text.length > 1 && page.villageLook(index).label.toLowerCase().indexOf(text) >= 0;
  }

  function matches(text) {
    const found = [];
    const initials = /^[a-z]{2,}$/.test(text);
    Object.keys(SEARCHED).forEach(function (key) {
      const each = page.layers[key];
      if (!each) return;
      for (let index = each.spec.n - 1; index >= 0; index -= 1) {
        if (!each.pass[index]) continue;
        if (fits(page.getter(key, index), SEARCHED[key], text, initials) || isInState(key, index, text)) found.push([key, index]);
      }
    });
    return found;
  }

  function ranking() {
    const each = page.layers.proposed;
    const rows = [];
    for (let index = each.spec.n - 1; index >= 0; index -= 1) if (each.pass[index]) rows.push(['proposed', index]);
    if (!sortNear) return rows;
    const far = new Map(rows.map(function (pair) { return [pair[1], distanceTo(pair[1])]; }));
    return rows.sort(function (a, b) { return far.get(a[1]) - far.get(b[1]) || b[1] - a[1]; });
  }

  function list() {
    if (!parts.results) return;
    const text = parts.search.value.trim().toLowerCase();
    const found = text ? matches(text) : ranking();
    parts.results.textContent = '';
    append(found, 0, text ? SHOWN : CHUNK);
    const from = sortNear ? word(page.state.position ? 'from_me' : 'from_middle') : word('ranked');
    const heading = from + ' (' + found.length + ')';
    const key = found.length > SHOWN ? 'found_first' : 'found';
    parts.found.textContent = text ? word(key, { n: found.length, shown: Math.min(SHOWN, found.length) }) : heading;
  }

  function append(found, from, count) {
    const part = document.createDocumentFragment();
    found.slice(from, from + count).forEach(function (each) { part.appendChild(row(each[0], each[1])); });
    const left = found.length - from - count;
    if (left > 0) {
      const item = make('li');
      item.appendChild(page.text.button('sp-more', word('more', { n: Math.min(left, CHUNK) }), function () {
        parts.results.removeChild(item);
        append(found, from + count, CHUNK);
      }));
      part.appendChild(item);
    }
    parts.results.appendChild(part);
  }

  Object.assign(page.ui, {
    leftBox: leftBox, leftRows: leftRows, filterBox: filterBox, filtered: filtered, searchBox: searchBox, chosen: chosen,
    list: list, choices: choices
  });
  page.list = list;
}(window.siteplan));
