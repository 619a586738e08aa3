/* What stands around the map: title, warning, numbers, the step slider, counties, filters, search and
 * ranking, layers with their legend.
 *
 * The layer list is the legend, so a legend cannot disagree with what is shown.
 * On narrow screens both panels start closed. */
(function (page) {
  'use strict';

  const NARROW = 760;
  const SHOWN = 40;
  const CHUNK = 100;
  const SWITCHES = ['proposed', 'villages', 'sites', 'gaps', 'zones', 'properties', 'others', 'counties'];
  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const number = page.text.number;
  const percent = page.text.percent;
  const boxes = Object.create(null);
  const parts = {};

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
    if (!closed && parts.curve) L.Util.requestAnimFrame(curve);
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
    node.appendChild(make('summary', '', word(key)));
    node.appendChild(body);
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

  function watermark() {
    const lines = page.settings.edition.watermark;
    if (!lines.length) return null;
    const node = make('div', 'sp-watermark');
    node.setAttribute('aria-hidden', 'true');
    for (let i = 0; i < 12; i += 1) {
      const mark = make('div', 'sp-watermark-one');
      lines.forEach(function (text) { mark.appendChild(quote(text)); });
      node.appendChild(mark);
    }
    return node;
  }

  // ---- numbers ---------------------------------------------------------------------------------------
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

  /* People, villages and stations when the first ranks are built: in all, and by county. */
  function sums() {
    const steps = page.settings.steps;
    const totals = page.settings.totals;
    const blank = function () { return { people: 0, villages: 0, sites: 0, stations: 0 }; };
    const all = blank();
    const counties = page.settings.counties.map(blank);
    for (let k = 0; k < steps.rank.length; k += 1) {
      if (!page.isBuilt(steps.rank[k])) continue;
      [all, counties[steps.county[k]]].forEach(function (sum) {
        sum.people += steps.people[k];
        sum.villages += steps.villages[k];
      });
    }
    builtRows(all, counties);
    all.people += totals.people_before || 0;
    all.villages += totals.villages_before || 0;
    counties.forEach(function (sum, k) {
      sum.people += page.settings.counties[k].people_before || 0;
      sum.villages += page.settings.counties[k].villages_before || 0;
    });
    return { all: all, counties: counties };
  }

  function builtRows(all, counties) {
    const each = page.layers.proposed;
    if (!each) return;
    for (let row = 0; row < each.spec.n; row += 1) {
      if (!page.isBuilt(each.read(row, 'rank'))) continue;
      const mine = counties[each.read(row, 'county_number')];
      [all].concat(mine ? [mine] : []).forEach(function (sum) {
        sum.sites += 1;
        sum.stations += each.read(row, 'stations') || 0;
      });
    }
  }

  // ---- the step slider -------------------------------------------------------------------------------
  function slider() {
    const total = page.layers.proposed.spec.n;
    const node = make('div', 'sp-build');
    const input = make('input');
    input.type = 'range';
    input.min = '0';
    input.max = String(total);
    input.step = '1';
    input.value = String(total);
    input.setAttribute('aria-label', word('build_label'));
    input.addEventListener('input', function () { page.build(Number(input.value)); });
    parts.slider = input;
    parts.said = make('div', 'sp-build-said');
    parts.said.setAttribute('aria-live', 'polite');
    parts.curve = make('canvas', 'sp-curve');
    parts.curve.setAttribute('aria-hidden', 'true');
    parts.more = make('div', 'sp-build-more');
    [parts.said, parts.curve, input, parts.more].forEach(function (each) { node.appendChild(each); });
    return node;
  }

  function said() {
    if (!parts.slider) return;
    const found = sums();
    const totals = page.settings.totals;
    const step = page.state.built;
    const bound = page.settings.steps.share[step - 1];
    parts.slider.value = String(step);
    parts.said.textContent = word('build_first', { n: step, total: page.layers.proposed.spec.n, stations: found.all.stations });
    const lines = [];
    if (totals.people) lines.push(word('people_at', { n: number(found.all.people), share: percent(found.all.people / totals.people, 2) }));
    if (totals.villages) lines.push(word('villages_at', { n: found.all.villages, total: totals.villages }));
    if (bound) lines.push(word('bound_at', { share: percent(bound) }));
    parts.more.textContent = lines.join(' · ');
    countyRows(found.counties);
    L.Util.requestAnimFrame(curve);
  }

  /* Covered people (blue) and villages (green) along the ranks, each from its start to its end. */
  function curve() {
    const steps = page.settings.steps;
    const total = page.layers.proposed.spec.n;
    const canvas = parts.curve;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width || !total) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    const at = function (rank) { return 8 + (width - 16) * rank / total; };
    [[steps.people, '#0072b2'], [steps.villages, '#009e73']].forEach(function (pair) {
      const by = new Float64Array(total + 1);
      for (let k = 0; k < steps.rank.length; k += 1) by[steps.rank[k]] += pair[0][k];
      for (let k = 1; k <= total; k += 1) by[k] += by[k - 1];
      if (!by[total]) return;
      pen.beginPath();
      for (let k = 0; k <= total; k += 1) pen.lineTo(at(k), height - 3 - (height - 6) * by[k] / by[total]);
      pen.strokeStyle = pair[1];
      pen.lineWidth = 1.8;
      pen.stroke();
    });
    pen.fillStyle = 'rgba(31, 42, 54, .55)';
    pen.fillRect(at(page.state.built) - 0.75, 0, 1.5, height);
  }

  // ---- counties --------------------------------------------------------------------------------------
  function countyTable() {
    const table = make('table', 'sp-counties');
    const head = make('tr');
    ['county', 'county_quota', 'county_new', 'county_people', 'county_villages'].forEach(function (key) {
      const cell = make('th', '', word(key));
      cell.scope = 'col';
      head.appendChild(cell);
    });
    const top = make('thead');
    top.appendChild(head);
    table.appendChild(top);
    parts.counties = make('tbody');
    table.appendChild(parts.counties);
    const holder = make('div', 'sp-scroll');
    holder.appendChild(table);
    return holder;
  }

  function countyRows(found) {
    if (!parts.counties) return;
    parts.counties.textContent = '';
    page.settings.counties.forEach(function (county, k) {
      const row = make('tr');
      const first = make('th');
      first.scope = 'row';
      first.appendChild(page.text.button('sp-link', null, function () { toCounty(county); }))
        .appendChild(quote(county.county));
      row.appendChild(first);
      const change = function (now, before, total) {
        if (!total) return '–';
        const was = percent(before / total);
        return now - before > 0.5 ? was + '→' + percent(now / total) : was;
      };
      row.appendChild(make('td', '', (county.built || 0) + '/' + (county.quota || 0)));
      row.appendChild(make('td', '', '+' + found[k].stations));
      row.appendChild(make('td', '', change(found[k].people, county.people_before, county.people)));
      row.appendChild(make('td', '', county.villages ? county.villages_before + '→' + found[k].villages + '/' + county.villages : '–'));
      parts.counties.appendChild(row);
    });
  }

  function toCounty(county) {
    page.setFilter('county', county.county);
    const free = room();
    page.map.fitBounds(county.bounds, { animate: false, paddingTopLeft: free.slice(0, 2), paddingBottomRight: free.slice(2) });
    foldAll();
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
    if (key === 'band') return settings.bands.map(function (each) { return [each, each]; });
    if (key === 'status') {
      return settings.returns.statuses.map(function (each) { return [each, word('status_' + each)]; });
    }
    return values(key, key === 'town' ? page.state.filters.county : null).map(function (each) { return [each, each]; });
  }

  const LABELS = {
    county: 'county', town: 'filter_town', source_type: 'filter_source_type', network: 'filter_network', band: 'filter_band',
    status: 'filter_status'
  };

  function filterBox() {
    const node = make('div', 'sp-filters');
    Object.keys(LABELS).forEach(function (key) {
      if (key === 'status' && !page.settings.edition.returns) return;
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
    const each = page.layers.proposed;
    const passing = each.pass.reduce(function (sum, one) { return sum + one; }, 0);
    parts.filtered.textContent = word('filter_count', { n: passing, total: each.spec.n });
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
    parts.found = make('p', 'sp-found');
    node.appendChild(parts.found);
    return node;
  }

  function chosen(event) {
    const button = event.target.closest('button');
    if (!button || !button.dataset.key) return;
    foldAll();
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
    text.appendChild(quote(small(key, get), 'sp-row-small'));
    button.appendChild(text);
    button.classList.toggle('sp-later', key === 'proposed' && !page.isBuilt(get('rank')));
    const item = make('li');
    item.appendChild(button);
    return item;
  }

  function small(key, get) {
    const found = [[get('county'), get('town')].filter(Boolean).join(' ')];
    if (key === 'others') found.unshift(get('candidate_id'));
    if (key === 'proposed') {
      if (get('stations')) found.push(word('unit_stations', { n: get('stations') }));
      if (get('people_newly_covered')) found.push('+' + word('unit_people', { n: number(get('people_newly_covered')) }));
      if (get('villages_newly_covered')) found.push('+' + word('unit_villages', { n: get('villages_newly_covered') }));
      const status = page.statusOf(get('candidate_id'));
      if (status !== 'PROPOSED') found.unshift(word('status_' + status));
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

  function matches(text) {
    const found = [];
    const initials = /^[a-z]{2,}$/.test(text);
    Object.keys(SEARCHED).forEach(function (key) {
      const each = page.layers[key];
      if (!each) return;
      for (let index = each.spec.n - 1; index >= 0; index -= 1) {
        if (each.pass[index] && fits(page.getter(key, index), SEARCHED[key], text, initials)) found.push([key, index]);
      }
    });
    return found;
  }

  function ranking() {
    const each = page.layers.proposed;
    const rows = [];
    for (let index = each.spec.n - 1; index >= 0; index -= 1) if (each.pass[index]) rows.push(['proposed', index]);
    return rows;
  }

  function list() {
    if (!parts.results) return;
    const text = parts.search.value.trim().toLowerCase();
    const found = text ? matches(text) : ranking();
    parts.results.textContent = '';
    append(found, 0, text ? SHOWN : CHUNK);
    const heading = word('ranked') + ' (' + found.length + ')';
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

  // ---- layers and legend -----------------------------------------------------------------------------
  function swatch(look, kind) {
    const node = make('i', 'sp-swatch sp-swatch-' + kind);
    node.style.background = look.fill;
    if (look.line) node.style.borderColor = look.line;
    if (kind === 'polygons') node.style.background = transparent(look.fill, look.opacity);
    if (look.size) {
      const size = Math.round(Math.min(15, look.size * 2 + 4));
      node.style.width = size + 'px';
      node.style.height = size + 'px';
    }
    return node;
  }

  function transparent(colour, opacity) {
    if (colour === 'none' || !opacity) return 'transparent';
    const part = function (at) { return parseInt(colour.substr(at, 2), 16); };
    return 'rgba(' + [part(1), part(3), part(5), Math.max(opacity, 0.25)].join(',') + ')';
  }

  function legend(classes, kind) {
    const node = make('ul', 'sp-legend');
    classes.forEach(function (look) {
      const item = make('li');
      item.appendChild(swatch(look, look.area ? 'area' : kind));
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
    node.appendChild(option('checkbox', 'layer', key, label, each.shown, function (on) { page.show(key, on); }));
    node.classList.toggle('sp-off', !each.shown);
    let classes = each.spec.classes;
    if (key === 'proposed' && page.settings.steps.rank.length) {
      classes = classes.concat([{ label: word('not_yet'), fill: '#ffffff', line: '#5b6671', size: 5 }]);
      const own = page.settings.footprint;
      if (page.settings.hasFootprints) classes = classes.concat([{ label: own.label, fill: own.fill, area: true }]);
    }
    if (classes.length > 1) node.appendChild(legend(classes, each.spec.kind));
    else node.firstChild.insertBefore(swatch(classes[0], each.spec.kind), node.firstChild.lastChild);
    return node;
  }

  function coverageRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('coverage')));
    const choice = make('div', 'sp-choice');
    parts.scale = legend(page.settings.coverage, 'area');
    parts.shade = legend(page.settings.terrain, 'area');
    ['coverage_before', 'coverage_after', 'coverage_terrain', 'coverage_off'].forEach(function (key) {
      if (!page.hasPicture(key)) return;
      choice.appendChild(option('radio', 'coverage', key, word(key), key === page.state.coverage, function () {
        page.setCoverage(key);
      }));
    });
    node.appendChild(choice);
    const swipe = option('checkbox', 'layer', 'swipe', word('swipe'), false, function (on) {
      page.setSwipe(on ? 0.5 : null);
    });
    swipe.classList.add('sp-swipe-option');
    node.appendChild(swipe);
    node.appendChild(parts.scale);
    node.appendChild(parts.shade);
    return node;
  }

  function setCoverage(key) {
    page.state.coverage = key;
    if (key === 'coverage_terrain' || key === 'coverage_off') page.setSwipe(null);
    page.emit('coverage');
  }

  function covered() {
    const key = page.state.coverage;
    if (boxes[key]) boxes[key].checked = true;
    parts.shade.hidden = key !== 'coverage_terrain';
    parts.scale.hidden = key === 'coverage_terrain' || key === 'coverage_off';
    boxes.swipe.checked = page.state.swipe !== null;
  }

  function baseRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('basemap')));
    node.appendChild(option('checkbox', 'layer', 'base', word('layer_base'), true, function (on) {
      page.state.base = on;
      page.emit('base');
    }));
    if (page.hasPicture('relief')) {
      node.appendChild(option('checkbox', 'layer', 'relief', word('layer_relief'), true, function (on) {
        page.state.relief = on;
        page.emit('base');
      }));
    }
    return node;
  }

  function layers() {
    const side = panel('layers', word('layers'));
    parts.layers = side.body;
    const rows = SWITCHES.filter(function (key) { return page.layers[key]; });
    rows.slice(0, 2).forEach(function (key) { side.body.appendChild(layerRow(key)); });
    side.body.appendChild(coverageRow());
    rows.slice(2).forEach(function (key) { side.body.appendChild(layerRow(key)); });
    side.body.appendChild(baseRow());
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

  // ---- start -----------------------------------------------------------------------------------------
  function plan() {
    const side = panel('plan', word('panel'));
    const body = side.body;
    body.appendChild(facts());
    if (page.layers.proposed && page.settings.steps.rank.length) body.appendChild(slider());
    if (page.settings.counties.length) body.appendChild(section('by_county', countyTable(), false));
    if (page.layers.proposed) body.appendChild(section('filters', filterBox(), false));
    if (page.returnsBox && page.settings.edition.returns) body.appendChild(section('returns', page.returnsBox(), false));
    if (page.layers.proposed) {
      body.appendChild(searchBox());
      parts.results = make('ol', 'sp-list');
      parts.results.addEventListener('click', chosen);
      body.appendChild(parts.results);
    }
    body.appendChild(notes());
    return side.node;
  }

  /* Room that the panels leave: left, top, right, bottom in pixels. */
  function room() {
    if (narrow()) return [8, 58, 8, 58];
    const left = document.querySelector('.sp-plan').offsetWidth + 20;
    return [left, 10, window.innerWidth < 1100 ? 60 : 290, 10];
  }

  function home() {
    const free = room();
    page.map.fitBounds(page.settings.bounds, {
      animate: false, paddingTopLeft: free.slice(0, 2), paddingBottomRight: free.slice(2)
    });
  }

  function frame() {
    const root = document.createDocumentFragment();
    const main = make('main', 'sp-frame');
    root.appendChild(header());
    const holder = page.map.getContainer();
    [plan(), layers(), watermark()].forEach(function (node) { if (node) main.appendChild(node); });
    root.appendChild(main);
    document.body.insertBefore(root, holder);
    main.insertBefore(holder, main.firstChild);
    page.map.invalidateSize({ animate: false });
    page.on('built', said);
    page.on('built', L.Util.throttle(list, 120));
    page.on('filter', filtered);
    page.on('layers', changed);
    page.on('coverage', covered);
    page.on('marks', list);
    list();
    said();
    covered();
    if (boxes.filter_town) filtered();
  }

  Object.assign(page, {
    frame: frame, room: room, home: home, setCoverage: setCoverage, sums: sums, parts: parts
  });
}(window.siteplan));
