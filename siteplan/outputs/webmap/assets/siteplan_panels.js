/* What stands around the map: title, warning, numbers, the step slider, counties, filters, search and
 * ranking, layers with their legend.
 *
 * The layer list is the legend, so a legend cannot disagree with what is shown. Numbers speak of what is looked
 * at: the whole plan, or the county of the filter. On narrow screens both panels start closed. */
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
    parts['summary_' + key] = node.appendChild(make('summary', '', word(key)));
    node.appendChild(body);
    node.addEventListener('toggle', function () {
      if (key === 'left_villages') leftRows();
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

  // ---- numbers ---------------------------------------------------------------------------------------
  function factRow(node, key, label, value, note) {
    const box = make('div', 'sp-fact sp-fact-' + key);
    box.appendChild(make('dt', '', label));
    const cell = make('dd', '', value);
    if (note) cell.appendChild(make('small', '', note));
    box.appendChild(cell);
    node.appendChild(box);
  }

  /* What the plan changes, in large; below it the numbers of the scope. */
  function facts() {
    const node = make('div', 'sp-message');
    parts.headline = make('p', 'sp-headline');
    parts.facts = make('dl', 'sp-facts');
    parts.counted = make('p', 'sp-counted', word('counted_by', { name: page.settings.questions[0].name }));
    if (page.settings.steps.rank.length) node.appendChild(parts.headline);
    else {
      page.settings.facts.forEach(function (fact) { factRow(parts.facts, fact.key, fact.label, fact.value, fact.note); });
    }
    node.appendChild(parts.facts);
    if (page.settings.steps.rank.length) node.appendChild(parts.counted);
    return node;
  }

  /* Numbers of the county that is looked at, or of the plan. */
  function scope(sums) {
    const own = page.state.filters.county;
    const k = page.settings.counties.findIndex(function (each) { return each.county === own; });
    if (k < 0) return { name: '', base: page.settings.totals, now: sums.all };
    return { name: own, base: page.settings.counties[k], now: sums.counties[k] };
  }

  function numbers(sums) {
    if (!page.settings.steps.rank.length) return;
    const found = scope(sums);
    const base = found.base;
    const now = found.now;
    const gains = [];
    const isToday = page.state.moment === 'today';
    if (base.people && isToday) gains.push(word('today_people', { share: percent((base.people_before || 0) / base.people) }));
    else if (base.people) gains.push(word('gain_people', { n: number(now.people - (base.people_before || 0)) }));
    if (base.villages && isToday) gains.push(word('today_villages', { n: base.villages - (base.villages_before || 0) }));
    else if (base.villages) gains.push(word('gain_villages', { n: number(now.villages - (base.villages_before || 0)) }));
    parts.headline.textContent = '';
    parts.headline.classList.toggle('sp-today', isToday);
    document.querySelector('.sp-plan').classList.toggle('sp-today-mode', isToday);
    if (found.name) parts.headline.appendChild(quote(found.name + ' ', 'sp-scope'));
    gains.forEach(function (text) { parts.headline.appendChild(make('span', 'sp-gain', text)); });
    parts.facts.textContent = '';
    if (base.people) {
      const was = percent((base.people_before || 0) / base.people);
      const share = isToday ? was : was + ' → ' + percent(now.people / base.people);
      factRow(parts.facts, 'people_covered', word('people_covered'), share, word('of_total', { total: number(base.people) }));
    }
    if (base.villages) {
      const villages = number(base.villages_before || 0) + (isToday ? '' : ' → ' + number(now.villages));
      factRow(parts.facts, 'villages_covered', word('villages_covered'), villages, word('of_total', { total: number(base.villages) }));
    }
    if (!isToday) factRow(parts.facts, 'selected', word('selected_now'), word('stations_sites', { stations: number(now.stations), sites: number(now.sites) }));
    factRow(parts.facts, 'built_quota', word('built_quota'), number(base.built || 0) + ' / ' + number(base.quota || 0));
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
    input.addEventListener('input', function () {
      const ranks = page.rankScope();
      const step = Number(input.value);
      page.build(step >= ranks.length ? Infinity : step ? ranks[step - 1] : 0);
    });
    parts.slider = input;
    const exact = make('input', 'sp-step');
    exact.type = 'number';
    exact.min = '0';
    exact.setAttribute('aria-label', word('build_label'));
    exact.addEventListener('change', function () {
      input.value = exact.value;
      input.dispatchEvent(new Event('input'));
    });
    parts.exact = exact;
    parts.said = make('div', 'sp-build-said');
    parts.said.setAttribute('aria-live', 'polite');
    const key = make('div', 'sp-curve-key');
    [['curve_people', page.settings.tones.covered[4].fill], ['curve_villages', page.settings.tones.new.fill]].forEach(function (pair) {
      const item = make('span');
      item.appendChild(make('i')).style.background = pair[1];
      item.appendChild(make('span', '', word(pair[0])));
      key.appendChild(item);
    });
    parts.curve = make('canvas', 'sp-curve');
    parts.curve.setAttribute('aria-hidden', 'true');
    parts.more = make('div', 'sp-build-more');
    [exact, parts.said, parts.curve, key, input, parts.more].forEach(function (each) { node.appendChild(each); });
    return node;
  }

  function said() {
    if (!parts.slider) return;
    const found = sums();
    const bound = page.settings.steps.share[page.state.built - 1];
    const ranks = page.rankScope();
    const done = ranks.filter(page.isBuilt).length;
    const within = scope(found);
    parts.slider.max = String(ranks.length);
    parts.slider.value = String(done);
    parts.exact.max = String(ranks.length);
    parts.exact.value = String(done);
    parts.said.textContent = word('build_first', { n: done, total: ranks.length, stations: within.now.stations });
    const lines = [];
    if (within.base.people) lines.push(word('people_at', { n: number(within.now.people), share: percent(within.now.people / within.base.people, 2) }));
    if (within.base.villages) lines.push(word('villages_at', { n: within.now.villages, total: within.base.villages }));
    if (bound && !within.name) lines.push(word('bound_at', { share: percent(1 / bound - 1) }));
    parts.more.textContent = lines.join(' · ');
    numbers(found);
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
    [[steps.people, page.settings.tones.covered[4].fill], [steps.villages, page.settings.tones.new.fill]].forEach(function (pair) {
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

  /* A county view: its numbers, its ranks from 1, its frame. */
  function toCounty(county) {
    page.closeCard();
    page.setFilter('county', county.county);
    const free = room();
    page.map.fitBounds(county.bounds, { animate: false, paddingTopLeft: free.slice(0, 2), paddingBottomRight: free.slice(2) });
    foldAll();
  }

  /* Which county is looked at, with all of them first; nothing where there is but one. */
  function countyChoice() {
    const select = make('select', 'sp-county');
    select.setAttribute('aria-label', word('county'));
    select.addEventListener('change', function () {
      const county = page.settings.counties.find(function (each) { return each.county === select.value; });
      if (county) toCounty(county);
      else {
        page.setFilter('county', null);
        page.home();
      }
    });
    boxes.county = select;
    return select;
  }

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
      const state = page.villageState(row);
      if (!each.pass[row] || state === 'covered' || state === 'newly') continue;
      count += 1;
      if (!isOpen) continue;
      const text = [each.read(row, 'county'), each.read(row, 'town')].filter(Boolean).join(' ');
      const button = page.text.button('sp-row', null, function () {
        foldAll();
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
    said();
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

  function matches(text) {
    const found = [];
    const villages = page.layers.villages;
    if (villages) {
      for (let row = 0; row < villages.spec.n; row += 1) {
        const state = villages.spec.classes.find(function (look) { return look.value === page.villageState(row); });
        if (villages.pass[row] && text.length > 1 && state.label.toLowerCase().indexOf(text) >= 0) found.push(['villages', row]);
      }
    }
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

  // ---- layers and legend -----------------------------------------------------------------------------
  function swatch(look, kind) {
    const node = make('i', 'sp-swatch sp-swatch-' + kind);
    node.style.background = look.fill;
    if (look.line) node.style.borderColor = look.line;
    if (look.ring) {
      node.classList.add('sp-swatch-ring');
      node.style.borderStyle = look.ring === 'dashed' ? 'dashed' : 'solid';
      node.classList.toggle('sp-swatch-line', look.ring === 'line');
    }
    if (kind === 'polygons') node.style.background = transparent(look.fill, look.opacity);
    if (look.alpha && look.area) node.style.background = transparent(look.fill, Math.max(look.alpha, 0.35));
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
    const classes = each.spec.classes;
    if (key === 'proposed') {
      parts.pins = make('div', 'sp-pins');
      node.appendChild(parts.pins);
      pinLegend();
    } else if (classes.length > 1) node.appendChild(legend(classes, each.spec.kind));
    else node.firstChild.insertBefore(swatch(classes[0], each.spec.kind), node.firstChild.lastChild);
    return node;
  }

  /* Legend of the ranked places: by what they are for or by where they come from, and every sign around them. */
  function pinLegend() {
    if (!parts.pins) return;
    const spec = page.layers.proposed.spec;
    parts.pins.textContent = '';
    if (spec.source_classes) {
      const choice = make('div', 'sp-choice');
      ['purpose', 'source'].forEach(function (key) {
        choice.appendChild(option('radio', 'pins', 'pins_' + key, word('pins_' + key), page.state.pins === key, function () {
          page.state.pins = key;
          page.emit('pins');
        }));
      });
      parts.pins.appendChild(choice);
    }
    let classes = page.state.pins === 'source' && spec.source_classes || spec.classes;
    if (page.settings.steps.rank.length) {
      classes = classes.concat([{ label: word('not_yet'), fill: '#ffffff', line: '#5b6671', size: 5 }]);
      if (page.settings.hasFootprints) {
        classes = classes.concat([Object.assign({ area: true }, page.settings.tones.footprint)]);
      }
      classes = classes.concat([
        { label: word('radius'), fill: 'transparent', line: '#1b1b1b', ring: 'dashed' },
        { label: word('buffer'), fill: 'transparent', line: '#0b4f8a', ring: 'solid' }
      ]);
    }
    parts.pins.appendChild(legend(classes, spec.kind));
  }

  // ---- what the map shows --------------------------------------------------------------------------------
  const MOMENTS = ['today', 'plan', 'change'];
  const OTHER_QUESTIONS = ['by_site', 'overlap', 'terrain', 'doubt', 'off'];

  /* Today, planned, what changes: three states of one switch, over the map. */
  function momentSwitch() {
    const node = make('div', 'sp-moments');
    node.setAttribute('role', 'radiogroup');
    node.setAttribute('aria-label', word('moment'));
    MOMENTS.forEach(function (key) {
      const label = make('label', 'sp-moment');
      const box = make('input');
      box.type = 'radio';
      box.name = 'moment';
      box.value = key;
      box.addEventListener('change', function () { page.setMoment(key); });
      label.appendChild(box);
      label.appendChild(make('span', '', word('moment_' + key)));
      boxes['moment_' + key] = box;
      node.appendChild(label);
    });
    parts.moments = node;
    return node;
  }

  function questionName(key) {
    const service = page.serviceOf(key);
    return service >= 0 ? page.settings.questions[service].name : word('question_' + key);
  }

  function coverageRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('question')));
    const select = make('select', 'sp-question');
    select.setAttribute('aria-label', word('question'));
    const services = Array.from(page.settings.questions.keys()).map(function (k) { return 'S' + k; });
    services.concat(OTHER_QUESTIONS).filter(page.hasQuestion).forEach(function (key) {
      const choice = make('option', '', page.text.label(questionName(key), 30));
      choice.value = key;
      select.appendChild(choice);
    });
    select.addEventListener('change', function () { page.setQuestion(select.value); });
    boxes.question = select;
    node.appendChild(select);
    const swipe = option('checkbox', 'layer', 'swipe', word('swipe'), false, function (on) {
      page.setSwipe(on ? 0.5 : null);
    });
    swipe.classList.add('sp-swipe-option');
    node.appendChild(swipe);
    parts.scale = make('div', 'sp-scale');
    node.appendChild(parts.scale);
    return node;
  }

  /* Colours of the picture that is shown, with what they mean. */
  function scaleOf(question, moment) {
    const tones = page.settings.tones;
    const covered = tones.covered;
    const reached = Object.assign({}, covered[4], { label: tones.pixel });
    const change = moment === 'change' ? [tones.new, tones.new_empty] : [];
    const service = page.serviceOf(question);
    if (service === 0) {
      const lost = !page.settings.steps.rank.length && moment === 'change' ? [tones.lost] : [];
      const classes = covered.slice(1).map(function (look) { return Object.assign({}, look, { label: word('probability', { share: look.label }) }); });
      return change.concat(lost, [tones.gap, tones.gap_part], classes);
    }
    if (service > 0) return change.concat([Object.assign({}, tones.gap, { label: word('gap_any') }), reached]);
    if (question === 'by_site') {
      return [Object.assign({}, tones.by_site[0], { label: word('by_site_new') }), tones.gap, reached, { label: word('served_lines'), fill: 'transparent', line: tones.new.fill, ring: 'line' }];
    }
    if (question === 'overlap') return tones.overlap;
    if (question === 'terrain') return [reached, tones.terrain_taken];
    return question === 'doubt' ? [tones.doubt_below, tones.doubt_above, reached] : [];
  }

  function setMoment(key) {
    page.state.moment = MOMENTS.indexOf(key) >= 0 ? key : 'change';
    page.emit('moment');
  }

  function setQuestion(key) {
    page.state.question = page.hasQuestion(key) ? key : 'S0';
    if (page.serviceOf(page.state.question) < 0) page.setSwipe(null);
    page.emit('question');
  }

  function covered() {
    const question = page.state.question;
    const service = page.serviceOf(question);
    boxes['moment_' + page.state.moment].checked = true;
    parts.moments.classList.toggle('sp-idle', service < 0);
    if (boxes.question) boxes.question.value = question;
    boxes.swipe.checked = page.state.swipe !== null;
    boxes.swipe.disabled = service < 0;
    parts.scale.textContent = '';
    const classes = scaleOf(question, page.state.moment).map(function (look) { return look.ring ? look : Object.assign({ area: true }, look); });
    parts.scale.appendChild(legend(classes, 'area'));
    const people = service >= 0 ? page.settings.questions[service].people : null;
    const isWhole = !page.state.filters.county && page.state.built >= (page.layers.proposed ? page.layers.proposed.spec.n : 0);
    if (people && people[0] && isWhole) {
      const text = word('question_people', { before: number(people[1]), after: number(people[2]), total: number(people[0]) });
      parts.scale.appendChild(make('p', 'sp-found', text));
    }
    const isStepped = page.state.built < (page.layers.proposed ? page.layers.proposed.spec.n : 0);
    if (service > 0 && isStepped && page.state.moment !== 'today') parts.scale.appendChild(make('p', 'sp-found', word('whole_plan')));
  }

  function baseRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('basemap')));
    node.appendChild(option('checkbox', 'layer', 'base', word('layer_base'), true, function (on) {
      page.state.base = on;
      page.emit('base');
    }));
    if (page.hasRelief()) {
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
    side.body.appendChild(coverageRow());
    rows.forEach(function (key) { side.body.appendChild(layerRow(key)); });
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
    if (page.settings.counties.length > 1 && page.layers.proposed) {
      const select = countyChoice();
      [['', word('all_counties')]].concat(choices('county')).forEach(function (pair) {
        const each = make('option', '', page.text.label(pair[1], 30));
        each.value = pair[0];
        select.appendChild(each);
      });
      body.appendChild(select);
    }
    body.appendChild(facts());
    if (page.layers.proposed && page.settings.steps.rank.length) body.appendChild(slider());
    if (page.settings.counties.length) body.appendChild(section('by_county', countyTable(), false));
    if (page.layers.villages && page.settings.steps.rank.length) body.appendChild(section('left_villages', leftBox(), false));
    if (page.layers.proposed) body.appendChild(section('filters', filterBox(), false));
    if (page.returnsBox && page.settings.edition.returns) body.appendChild(section('returns', page.returnsBox(), false));
    if (page.layers.proposed) {
      body.appendChild(searchBox());
      parts.results = make('ol', 'sp-list');
      parts.results.addEventListener('click', chosen);
      body.appendChild(parts.results);
    }
    body.appendChild(section('notes_title', notes(), false));
    return side.node;
  }

  /* Room that the panels leave: left, top, right, bottom in pixels. */
  function room() {
    const card = page.cardHeight ? page.cardHeight() : 0;
    if (narrow()) return [8, 58, 8, Math.max(58, card + 8)];
    const left = document.querySelector('.sp-plan').offsetWidth + 20;
    const right = window.innerWidth < 1100 ? 60 : 290;
    return [left, 56, Math.max(right, card ? page.cardWidth() + 20 : 0), 10];
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
    [plan(), layers(), momentSwitch()].forEach(function (node) { if (node) main.appendChild(node); });
    root.appendChild(main);
    document.body.insertBefore(root, holder);
    main.insertBefore(holder, main.firstChild);
    page.map.invalidateSize({ animate: false });
    page.on('built', said);
    page.on('built', L.Util.throttle(list, 120));
    page.on('filter', filtered);
    page.on('layers', changed);
    ['moment', 'question', 'swipe', 'built', 'filter'].forEach(function (event) { page.on(event, covered); });
    page.on('pins', pinLegend);
    ['built', 'moment', 'filter'].forEach(function (event) { page.on(event, L.Util.throttle(leftRows, 150)); });
    page.on('moment', said);
    page.on('pins', list);
    page.on('marks', list);
    list();
    said();
    leftRows();
    covered();
    if (boxes.filter_town) filtered();
  }

  Object.assign(page, {
    frame: frame, room: room, home: home, setMoment: setMoment, setQuestion: setQuestion, questionName: questionName,
    sums: sums, parts: parts, list: list
  });
}(window.siteplan));
