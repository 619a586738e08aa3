/* The round trip: statuses taken down on the map, kept in the browser, carried home as a return form.
 *
 * What is taken down is a list of events that only grows; the status of a candidate
 * is its last event. The form has the columns of the project's return schema. */
(function (page) {
  'use strict';

  const make = page.text.make;
  const word = page.text.word;
  const needReason = function () { return page.settings.returns.exits; };
  const COLOURS = {
    NEGOTIATING: '#56b4e9', AGREED: '#2f7ed8', SIGNED: '#6a3d9a', BUILDING: '#e69f00', ON_AIR: '#009e73',
    PAUSED: '#a6761d', REFUSED: '#b2182b', INFEASIBLE: '#4d4d4d', WITHDRAWN: '#8c8c8c', MOVED: '#111111'
  };
  let events = [];
  let reporter = '';
  let moving = null;
  let isKept = true;
  let issued = null;

  // ---- keeping -------------------------------------------------------------------------------------------
  function key() {
    return 'siteplan-returns/' + page.settings.run.id;
  }

  function keep() {
    try {
      window.localStorage.setItem(key(), JSON.stringify({ events: events, reporter: reporter }));
      isKept = true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      isKept = false;
    }
  }

  function recall() {
    try {
      const text = window.localStorage.getItem(key());
      if (!text) return;
      const have = JSON.parse(text);
      events = have.events.filter(isSound);
      reporter = String(have.reporter || '');
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof SyntaxError || error instanceof TypeError)) throw error;
      isKept = error instanceof DOMException ? false : isKept;
    }
  }

  // ---- events --------------------------------------------------------------------------------------------
  function statuses() {
    return page.settings.returns.statuses;
  }

  const DATUMS = ['wgs84', 'cgcs2000', ''];

  /* First column of a row that cannot be what it should, or null. */
  function faultOf(row) {
    if (!row || typeof row.candidate_id !== 'string' || !row.candidate_id) return 'candidate_id';
    const isMove = row.status === page.settings.returns.moved;
    if (!isMove && statuses().indexOf(row.status) < 0) return 'status';
    if (typeof row.reported_at !== 'string' || !isFinite(Date.parse(row.reported_at))) return 'reported_at';
    const at = [row.longitude, row.latitude];
    const isPlace = at.every(function (each) { return typeof each === 'number' && isFinite(each); }) &&
      Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 90;
    if (!isPlace && (isMove || at.some(function (each) { return each !== null && each !== undefined; }))) return 'longitude';
    if (isPlace && DATUMS.indexOf(row.datum || '') < 0) return 'datum';
    return isMove && isOutside(row) ? 'longitude' : null;
  }

  /* Whether a move leads out of the search ring of its place. */
  function isOutside(row) {
    const found = page.locate(row.candidate_id);
    if (!found || found[0] !== 'proposed') return false;
    const get = page.getter('proposed', found[1]);
    const away = page.geo.distance({ lat: get('lat'), lng: get('lon') }, { lat: row.latitude, lng: row.longitude });
    const ring = page.settings.returns.ring;
    return away > (get('search_radius_m') || 0) * ring.share + ring.margin;
  }

  function isSound(row) {
    return faultOf(row) === null;
  }

  function eventsOf(id) {
    return events.filter(function (row) { return row.candidate_id === id; });
  }

  function statusOf(id) {
    const mine = eventsOf(id).filter(function (row) { return row.status !== page.settings.returns.moved; });
    return mine.length ? mine[mine.length - 1].status : issuedStatus(id);
  }

  /* The status the list was published with. */
  function issuedStatus(id) {
    const each = page.layers.proposed;
    if (!issued && each) {
      issued = new Map();
      for (let row = 0; row < each.spec.n; row += 1) issued.set(each.read(row, 'candidate_id'), each.read(row, 'status'));
    }
    return issued && issued.get(id) || 'PROPOSED';
  }

  function movedTo(id) {
    const mine = eventsOf(id).filter(function (row) { return row.status === page.settings.returns.moved; });
    return mine.length ? mine[mine.length - 1] : null;
  }

  const TEXTS = ['reason', 'note', 'reported_by', 'datum', 'run_id'];

  function statusLine(id) {
    const mine = eventsOf(id);
    if (!mine.length) return null;
    const steps = mine.filter(function (row) { return row.status !== page.settings.returns.moved; });
    const last = (steps.length ? steps : mine)[(steps.length ? steps : mine).length - 1];
    return [word('status_' + last.status), last.reason, last.reported_by, last.reported_at.slice(0, 10)]
      .filter(Boolean).join(' · ');
  }

  /* Local time with its offset, ISO 8601. */
  function now() {
    const date = new Date();
    const two = function (n) { return (n < 10 ? '0' : '') + n; };
    const off = -date.getTimezoneOffset();
    const zone = (off < 0 ? '-' : '+') + two(Math.floor(Math.abs(off) / 60)) + ':' + two(Math.abs(off) % 60);
    return date.getFullYear() + '-' + two(date.getMonth() + 1) + '-' + two(date.getDate()) + 'T' +
      two(date.getHours()) + ':' + two(date.getMinutes()) + ':' + two(date.getSeconds()) + zone;
  }

  function record(id, status, longitude, latitude, reason, note) {
    events.push({
      schema: page.settings.returns.schema, run_id: page.settings.run.id, candidate_id: id, status: status,
      longitude: longitude, latitude: latitude, datum: 'wgs84', reason: reason || '', note: note || '',
      reported_by: reporter, reported_at: now()
    });
    keep();
    page.emit('marks');
  }

  function isBackward(from, to) {
    const order = statuses();
    return needReason().indexOf(from) >= 0 || order.indexOf(to) < order.indexOf(from);
  }

  // ---- the form in the card -----------------------------------------------------------------------------
  function markForm(row) {
    if (!page.settings.edition.returns) return null;
    const get = page.getter('proposed', row);
    const id = get('candidate_id');
    const node = make('form', 'sp-mark');
    node.appendChild(make('strong', '', word('mark')));
    const select = make('select', 'sp-mark-status');
    statuses().forEach(function (each) {
      const option = make('option', '', word('status_' + each));
      option.value = each;
      select.appendChild(option);
    });
    select.value = statusOf(id);
    select.setAttribute('aria-label', word('mark'));
    const reason = field('mark_reason', 'sp-mark-reason');
    const note = field('mark_note', 'sp-mark-note');
    const who = field('reported_by', 'sp-mark-who');
    who.value = reporter;
    const said = make('p', 'sp-mark-said');
    said.setAttribute('role', 'status');
    [select, reason, note, who, said].forEach(function (each) { node.appendChild(each); });
    const end = make('div', 'sp-mark-end');
    const save = make('button', 'sp-link sp-mark-save', word('mark_save'));
    save.type = 'submit';
    end.appendChild(save);
    if (get('search_radius_m') > 0) {
      end.appendChild(page.text.button('sp-link sp-mark-move', word('mark_move'), function () {
        if (takeReporter(who, said)) beginMove(row);
      }));
    }
    node.appendChild(end);
    node.addEventListener('submit', function (event) {
      event.preventDefault();
      const status = select.value;
      const needs = needReason().indexOf(status) >= 0 || isBackward(statusOf(id), status);
      if (!takeReporter(who, said)) return;
      if (needs && !reason.value.trim()) {
        said.classList.remove('sp-saved');
        said.textContent = word('need_reason');
        reason.focus();
        return;
      }
      const moved = movedTo(id);
      record(id, status, moved ? moved.longitude : get('lon'), moved ? moved.latitude : get('lat'),
        reason.value.trim(), note.value.trim());
      said.textContent = word('saved_here', { what: statusLine(id) });
      said.classList.add('sp-saved');
    });
    return node;
  }

  function field(name, className) {
    const input = make('input', className);
    input.type = 'text';
    input.maxLength = 500;
    input.placeholder = word(name);
    input.setAttribute('aria-label', word(name));
    return input;
  }

  function takeReporter(who, said) {
    reporter = who.value.trim();
    if (page.parts.reporter) page.parts.reporter.value = reporter;
    if (reporter) return true;
    said.textContent = word('need_reporter');
    who.focus();
    return false;
  }

  // ---- moving a place inside its ring ----------------------------------------------------------------------
  function beginMove(row) {
    const get = page.getter('proposed', row);
    const home = L.latLng(get('lat'), get('lon'));
    const radius = get('search_radius_m');
    const last = movedTo(get('candidate_id'));
    page.closeCard();
    endMove();
    page.setRing({ lat: home.lat, lng: home.lng, radius: radius, buffer: 0 });
    page.map.setView(home, Math.max(page.map.getZoom(), 14), { animate: false });
    const icon = L.divIcon({ className: 'sp-pin', iconSize: [28, 28], html: make('span', '', '✥') });
    const pin = L.marker(last ? [last.latitude, last.longitude] : home, { draggable: true, icon: icon, keyboard: true, title: word('move_hint') });
    pin.on('drag', function () {
      pin.setLatLng(inside(home, pin.getLatLng(), radius));
      tellMove(home);
    });
    pin.addTo(page.map);
    moving = { row: row, pin: pin, home: home, bar: moveBar() };
    tellMove(home);
  }

  /* The place itself inside the ring, else the nearest one on it. */
  function inside(home, at, radius) {
    const away = page.geo.distance(home, at);
    if (away <= radius) return at;
    const share = radius / away * 0.999;
    return L.latLng(home.lat + (at.lat - home.lat) * share, home.lng + (at.lng - home.lng) * share);
  }

  function tellMove(home) {
    const text = word('moved_by', { n: page.text.number(page.geo.distance(home, moving.pin.getLatLng())) });
    moving.bar.firstChild.textContent = word('move_hint') + ' · ' + text;
  }

  function moveBar() {
    const node = make('div', 'sp-move-bar');
    node.appendChild(make('span'));
    node.appendChild(page.text.button('sp-link sp-move-save', word('move_save'), function () {
      const get = page.getter('proposed', moving.row);
      const at = moving.pin.getLatLng();
      record(get('candidate_id'), page.settings.returns.moved, Number(at.lng.toFixed(6)), Number(at.lat.toFixed(6)), '', '');
      const row = moving.row;
      endMove();
      page.go('proposed', row);
    }));
    node.appendChild(page.text.button('sp-link', word('move_cancel'), endMove));
    document.querySelector('.sp-frame').appendChild(node);
    return node;
  }

  function endMove() {
    if (!moving) return;
    page.map.removeLayer(moving.pin);
    moving.bar.parentNode.removeChild(moving.bar);
    moving = null;
    page.setRing(null);
  }

  // ---- on the map ------------------------------------------------------------------------------------------
  function paintMarks(pen, view) {
    const each = page.layers.proposed;
    if (!each || !each.shown) return;
    const marked = new Map();
    events.forEach(function (row) { marked.set(row.candidate_id, true); });
    for (let row = 0; row < each.spec.n; row += 1) {
      const id = each.read(row, 'candidate_id');
      if (!each.pass[row] || (!marked.has(id) && issuedStatus(id) === 'PROPOSED')) continue;
      const x = each.x[row] * view.scale - view.ox;
      const y = each.y[row] * view.scale - view.oy;
      const status = statusOf(id);
      pen.beginPath();
      pen.arc(x, y, 12, 0, 2 * Math.PI);
      pen.strokeStyle = COLOURS[status] || '#111111';
      pen.lineWidth = 3.5;
      pen.stroke();
      if (needReason().indexOf(status) >= 0) cross(pen, x, y);
      const moved = movedTo(id);
      if (moved) arrow(pen, view, x, y, moved);
    }
  }

  function cross(pen, x, y) {
    pen.beginPath();
    pen.moveTo(x - 9, y - 9);
    pen.lineTo(x + 9, y + 9);
    pen.moveTo(x + 9, y - 9);
    pen.lineTo(x - 9, y + 9);
    pen.stroke();
  }

  function arrow(pen, view, x, y, moved) {
    const toX = page.geo.x(moved.longitude) * view.scale - view.ox;
    const toY = page.geo.y(moved.latitude) * view.scale - view.oy;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(toX, toY);
    pen.strokeStyle = COLOURS.MOVED;
    pen.lineWidth = 2;
    pen.stroke();
    pen.fillStyle = COLOURS.MOVED;
    pen.fillRect(toX - 4, toY - 4, 8, 8);
  }

  // ---- out and in ------------------------------------------------------------------------------------------
  function asJson() {
    return JSON.stringify({ schema: page.settings.returns.schema, run_id: page.settings.run.id, returns: events }, null, 2);
  }

  /* A cell: quoted where it must be, and never read as a formula. */
  function cell(value) {
    let text = value === null || value === undefined ? '' : String(value);
    if (typeof value === 'string' && /^['=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function asCsv() {
    const columns = page.settings.returns.columns;
    const rows = [columns].concat(events.map(function (row) {
      return columns.map(function (name) { return row[name]; });
    }));
    return '\ufeff' + rows.map(function (row) { return row.map(cell).join(','); }).join('\r\n') + '\r\n';
  }

  function download(name, type, text) {
    const anchor = make('a');
    anchor.href = URL.createObjectURL(new Blob([text], { type: type }));
    anchor.download = name;
    document.body.appendChild(anchor);
    anchor.click();
    document.body.removeChild(anchor);
    setTimeout(function () { URL.revokeObjectURL(anchor.href); }, 10000);
  }

  /* A text file as a spreadsheet may have saved it: UTF-8, else the Chinese code page. */
  function decoded(buffer) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return new TextDecoder('gb18030').decode(buffer);
    }
  }

  /* Comma, semicolon or tab, whichever the header has most of. */
  function separatorOf(text) {
    const head = text.slice(0, text.search(/[\r\n]|$/));
    return [',', ';', '\t'].reduce(function (best, each) {
      return head.split(each).length > head.split(best).length ? each : best;
    });
  }

  function parseCsv(text) {
    const rows = [];
    let row = [];
    let value = '';
    let quoted = false;
    const plain = text.replace(/^\ufeff/, '');
    const separator = separatorOf(plain);
    for (let i = 0; i < plain.length; i += 1) {
      const c = plain[i];
      if (quoted) {
        if (c === '"' && plain[i + 1] === '"') {
          value += '"';
          i += 1;
        } else if (c === '"') quoted = false;
        else value += c;
      } else if (c === '"') quoted = true;
      else if (c === separator) {
        row.push(value);
        value = '';
      } else if (c === '\n') {
        row.push(value.replace(/\r$/, ''));
        rows.push(row);
        row = [];
        value = '';
      } else value += c;
    }
    if (value || row.length) rows.push(row.concat([value]));
    return rows.filter(function (each) { return each.some(Boolean); });
  }

  function fromCsv(text) {
    const rows = parseCsv(text);
    const head = (rows.shift() || []).map(function (name) { return name.trim(); });
    return rows.map(function (row) {
      const found = {};
      head.forEach(function (name, k) {
        const value = TEXTS.indexOf(name) >= 0 ? row[k] || '' : (row[k] || '').trim();
        found[name] = /^'['=+\-@\t\r]/.test(value) ? value.slice(1) : value;
      });
      ['longitude', 'latitude'].forEach(function (name) { found[name] = found[name] === '' ? null : Number(found[name]); });
      return found;
    });
  }

  function read(text) {
    const schema = page.settings.returns.schema;
    let rows = null;
    if (/^\s*[{[]/.test(text)) {
      const data = JSON.parse(text);
      if (data.schema !== schema || !Array.isArray(data.returns)) throw new Error(word('bad_schema', { schema: schema }));
      rows = data.returns;
    } else rows = fromCsv(text);
    rows.forEach(function (row, k) {
      if (row.schema !== schema) throw new Error(word('bad_schema', { schema: schema }));
      const fault = faultOf(row);
      if (fault) throw new Error(word('bad_row', { row: k + 1, column: fault, value: page.text.label(row[fault], 30) }));
    });
    return rows;
  }

  /* Take in a form: rows known already are counted, rows of unknown places are named and kept out. */
  function takeIn(text) {
    const columns = page.settings.returns.columns;
    const line = function (row) { return JSON.stringify(columns.map(function (name) { return row[name] === undefined ? null : row[name]; })); };
    const known = new Set(events.map(line));
    const result = { n: 0, same: 0, strange: 0, ids: [], other: 0, run: '' };
    const fresh = [];
    read(text).forEach(function (row) {
      const clean = {};
      columns.forEach(function (name) {
        const value = row[name] === undefined ? null : row[name];
        clean[name] = TEXTS.indexOf(name) >= 0 ? String(value === null ? '' : value) : value;
      });
      if (clean.run_id !== page.settings.run.id) {
        result.other += 1;
        result.run = clean.run_id;
      }
      const at = page.locate(clean.candidate_id);
      if (!at || at[0] !== 'proposed') {
        result.strange += 1;
        result.ids.push(page.text.label(clean.candidate_id, 24));
      } else if (known.has(line(clean))) result.same += 1;
      else {
        known.add(line(clean));
        fresh.push(clean);
        result.n += 1;
      }
    });
    events = events.concat(fresh);
    events.sort(function (a, b) { return Date.parse(a.reported_at) - Date.parse(b.reported_at) || 0; });
    keep();
    page.emit('marks');
    return result;
  }

  // ---- the box in the panel ----------------------------------------------------------------------------------
  function returnsBox() {
    const node = make('div', 'sp-returns');
    const who = make('label', 'sp-filter');
    who.appendChild(make('span', '', word('reported_by')));
    const input = make('input');
    input.type = 'text';
    input.maxLength = 80;
    input.addEventListener('change', function () {
      reporter = input.value.trim();
      keep();
    });
    page.parts.reporter = input;
    who.appendChild(input);
    node.appendChild(who);
    page.parts.returnsCount = make('p', 'sp-found');
    node.appendChild(page.parts.returnsCount);
    const row = make('div', 'sp-buttons');
    const stem = 'returns_' + (page.settings.run.id || 'siteplan');
    row.appendChild(page.text.button('sp-link sp-export-json', word('export_json'), function () {
      download(stem + '.json', 'application/json', asJson());
    }));
    row.appendChild(page.text.button('sp-link sp-export-csv', word('export_csv'), function () {
      download(stem + '.csv', 'text/csv', asCsv());
    }));
    row.appendChild(importButton());
    row.appendChild(page.text.button('sp-link sp-undo', word('mark_undo'), function () {
      events.pop();
      keep();
      page.emit('marks');
      const selected = page.state.selected;
      if (selected && selected.key === 'proposed') page.open(selected.key, selected.row);
    }));
    node.appendChild(row);
    page.parts.returnsSaid = make('p', 'sp-mark-said');
    page.parts.returnsSaid.setAttribute('role', 'status');
    node.appendChild(page.parts.returnsSaid);
    page.parts.history = make('ol', 'sp-history');
    node.appendChild(page.parts.history);
    return node;
  }

  function importButton() {
    const file = make('input', 'sp-import');
    file.type = 'file';
    file.accept = '.json,.csv';
    file.hidden = true;
    file.addEventListener('change', function () {
      const chosen = file.files[0];
      if (!chosen) return;
      const reader = new FileReader();
      reader.onload = function () { tellImport(chosen.name, decoded(reader.result)); };
      reader.readAsArrayBuffer(chosen);
      file.value = '';
    });
    const button = page.text.button('sp-link', word('import'), function () { file.click(); });
    const holder = make('span');
    holder.appendChild(button);
    holder.appendChild(file);
    return holder;
  }

  function tellImport(name, text) {
    const said = page.parts.returnsSaid;
    try {
      const result = takeIn(text);
      said.textContent = word('imported', { n: result.n, same: result.same, strange: result.strange, ids: result.ids.slice(0, 8).join(', ') || '–' }) +
        (result.other ? ' ' + word('other_run', { n: result.other, run: result.run }) : '');
    } catch (error) {
      said.textContent = word('import_bad', { file: name, why: error.message });
    }
  }

  function told() {
    if (!page.parts.returnsCount) return;
    page.parts.returnsCount.textContent = word('returns_count', { n: events.length }) + (isKept ? '' : ' · ' + word('not_kept'));
    page.parts.reporter.value = reporter;
    page.parts.history.textContent = '';
    events.slice(-50).reverse().forEach(function (row) {
      const item = make('li');
      item.appendChild(page.text.button('sp-link', row.candidate_id, function () { page.find(row.candidate_id); }));
      item.appendChild(page.text.quote([word('status_' + row.status), row.reason, row.reported_by, String(row.reported_at).slice(0, 16)].filter(Boolean).join(' · ')));
      page.parts.history.appendChild(item);
    });
  }

  function beginReturns() {
    if (!page.settings.edition.returns) return;
    page.on('marks', told);
    page.on('marks', function () { if (page.state.filters.status) page.filter(); });
    recall();
    page.emit('marks');
    page.filter();
  }

  Object.assign(page, {
    statusOf: statusOf, statusLine: statusLine, movedTo: movedTo,
    recordMove: function (id, longitude, latitude) { record(id, page.settings.returns.moved, longitude, latitude, '', ''); }, markForm: markForm, paintMarks: paintMarks, returnsBox: returnsBox,
    beginReturns: beginReturns, takeIn: takeIn, asJson: asJson, asCsv: asCsv,
    isMoving: function () { return moving !== null; }, endMove: endMove
  });
}(window.siteplan));
