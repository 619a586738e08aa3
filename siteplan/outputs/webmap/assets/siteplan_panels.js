/* The two panels put together, the room they leave, and who is told when something changes. */
(function (page) {
  'use strict';

  const make = page.text.make;
  const word = page.text.word;
  const parts = page.parts;
  const boxes = page.boxes;
  const ui = page.ui;

  // ---- start -----------------------------------------------------------------------------------------
  function plan() {
    const side = ui.panel('plan', word('panel'));
    const body = side.body;
    if (page.settings.counties.length > 1 && page.layers.proposed) {
      const select = ui.countyChoice();
      [['', word('all_counties')]].concat(ui.choices('county')).forEach(function (pair) {
        const each = make('option', '', page.text.label(pair[1], 30));
        each.value = pair[0];
        select.appendChild(each);
      });
      body.appendChild(select);
    }
    body.appendChild(ui.facts());
    if (page.layers.proposed && page.settings.steps.rank.length) body.appendChild(ui.slider());
    if (page.settings.counties.length) body.appendChild(ui.section('by_county', ui.countyTable(), false));
    if (page.layers.villages && page.settings.steps.rank.length) body.appendChild(ui.section('left_villages', ui.leftBox(), false));
    if (page.layers.proposed) body.appendChild(ui.section('filters', ui.filterBox(), false));
    if (page.returnsBox && page.settings.edition.returns) body.appendChild(ui.section('returns', page.returnsBox(), false));
    if (page.layers.proposed) {
      body.appendChild(ui.searchBox());
      parts.results = make('ol', 'sp-list');
      parts.results.addEventListener('click', ui.chosen);
      body.appendChild(parts.results);
    }
    body.appendChild(ui.section('notes_title', ui.notes(), false));
    return side.node;
  }

  /* Room that the panels leave: left, top, right, bottom in pixels. */
  function room() {
    const card = page.cardHeight ? page.cardHeight() : 0;
    if (ui.narrow()) return [8, 58, 8, Math.max(58, card + 8)];
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
    root.appendChild(ui.header());
    const holder = page.map.getContainer();
    [plan(), ui.layers(), ui.momentSwitch()].forEach(function (node) { if (node) main.appendChild(node); });
    root.appendChild(main);
    document.body.insertBefore(root, holder);
    main.insertBefore(holder, main.firstChild);
    page.map.invalidateSize({ animate: false });
    page.on('built', ui.said);
    page.on('unfold', ui.curve);
    page.on('section', ui.leftRows);
    page.on('built', L.Util.throttle(ui.list, 120));
    page.on('filter', ui.filtered);
    page.on('layers', ui.changed);
    ['moment', 'question', 'swipe', 'built', 'filter'].forEach(function (event) { page.on(event, ui.covered); });
    page.on('pins', ui.pinLegend);
    page.map.on('zoomend', ui.covered);
    ['built', 'moment', 'filter'].forEach(function (event) { page.on(event, L.Util.throttle(ui.leftRows, 150)); });
    page.on('moment', ui.said);
    page.on('pins', ui.list);
    page.on('marks', ui.list);
    ui.list();
    ui.said();
    ui.leftRows();
    ui.covered();
    if (boxes.filter_town) ui.filtered();
  }

  Object.assign(page, { frame: frame, room: room, home: home });
}(window.siteplan));
