/* Numbers of what is looked at, the whole plan or the county of the filter: what changes, the slider, counties. */
(function (page) {
  'use strict';

  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const number = page.text.number;
  const percent = page.text.percent;
  const parts = page.parts;
  const boxes = page.boxes;
  const ui = page.ui;

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
    if (!canvas) return;
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
    const free = page.room();
    page.map.fitBounds(county.bounds, { animate: false, paddingTopLeft: free.slice(0, 2), paddingBottomRight: free.slice(2) });
    ui.foldAll();
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

  Object.assign(page.ui, {
    facts: facts, slider: slider, said: said, curve: curve, countyTable: countyTable, countyChoice: countyChoice, notes: notes
  });
  page.sums = sums;
}(window.siteplan));
