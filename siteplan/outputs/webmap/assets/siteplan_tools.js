/* Tools on the map: whole area, my position, swipe, measuring, sharing, print, online base maps; start.
 *
 * The state of the page stands behind the # of its address, so a view can be sent as
 * text; nothing is ever sent by the page itself. */
(function (page) {
  'use strict';

  const make = page.text.make;
  const word = page.text.word;

  // ---- buttons -----------------------------------------------------------------------------------------
  function tool(key, action) {
    const button = page.text.button('sp-tool sp-tool-' + key, word('tool_' + key), action);
    if (key !== 'more') button.title = word(key);
    return button;
  }

  function toolbar() {
    const control = L.control({ position: 'topright' });
    control.onAdd = function () {
      const node = make('div', 'leaflet-bar sp-tools');
      const more = tool('more', function () { more.setAttribute('aria-expanded', String(node.classList.toggle('sp-open'))); });
      more.setAttribute('aria-expanded', 'false');
      node.appendChild(more);
      node.appendChild(tool('whole', page.home));
      node.appendChild(tool('locate', locateMe));
      node.appendChild(tool('measure', function () { measure(!measuring); }));
      node.appendChild(tool('share_view', shareView));
      node.appendChild(tool('save_view', saveView));
      node.appendChild(tool('print', function () { window.print(); }));
      L.DomEvent.disableClickPropagation(node);
      return node;
    };
    control.addTo(page.map);
  }

  function shareView() {
    remember();
    page.copy(window.location.href).then(function (done) { if (done) hint(word('link_copied')); });
  }

  // ---- my position -------------------------------------------------------------------------------------
  let dot = null;

  function locateMe() {
    if (!navigator.geolocation) {
      hint(word('no_position'));
      return;
    }
    navigator.geolocation.getCurrentPosition(function (found) {
      page.state.position = L.latLng(found.coords.latitude, found.coords.longitude);
      if (dot) page.map.removeLayer(dot);
      dot = L.circleMarker(page.state.position, { radius: 8, color: '#fff', weight: 3, fillColor: '#0b63ce', fillOpacity: 1, interactive: false }).addTo(page.map);
      page.map.setView(page.state.position, Math.max(page.map.getZoom(), 13), { animate: false });
      hint(word('position_within', { n: page.text.number(found.coords.accuracy) }));
      page.list();
    }, function () { hint(word('no_position')); }, { enableHighAccuracy: true, timeout: 15000 });
  }

  // ---- a picture of the view ---------------------------------------------------------------------------
  /* The map as it is seen, with title, legend and numbers, as a PNG to send on. */
  function viewPicture() {
    const size = page.map.getSize();
    const free = page.room();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const cut = { x: free[0], y: free[1], w: size.x - free[0] - free[2], h: size.y - free[1] - free[3] };
    const looks = legendLooks();
    const foot = 22 * Math.ceil(looks.length / 3) + 34;
    const canvas = document.createElement('canvas');
    canvas.width = cut.w * ratio;
    canvas.height = (cut.h + foot + 64) * ratio;
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.fillStyle = '#ffffff';
    pen.fillRect(0, 0, cut.w, cut.h + foot + 64);
    page.map.getContainer().querySelectorAll('canvas').forEach(function (sheet) {
      const at = sheet.getBoundingClientRect();
      const box = page.map.getContainer().getBoundingClientRect();
      pen.save();
      pen.beginPath();
      pen.rect(0, 64, cut.w, cut.h);
      pen.clip();
      if (sheet === page.pictureSheet._container) { pen.fillStyle = '#eceee9'; pen.fillRect(0, 64, cut.w, cut.h); }
      pen.drawImage(sheet, at.left - box.left - cut.x, at.top - box.top - cut.y + 64, at.width, at.height);
      pen.restore();
    });
    head(pen, cut.w);
    foots(pen, looks, cut.w, cut.h + 64);
    return canvas;
  }

  const FONT = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

  function head(pen, width) {
    pen.fillStyle = '#1f2a36';
    pen.font = '600 18px ' + FONT;
    pen.fillText(page.text.label(page.settings.title, 40), 10, 24, width - 20);
    pen.font = '14px ' + FONT;
    const said = [page.questionName(page.state.question), word('moment_' + page.state.moment), page.parts.said ? page.parts.said.textContent : ''];
    pen.fillText(page.text.label(said.filter(Boolean).join(' · '), 60), 10, 46, width - 20);
    if (!page.settings.warning.length) return;
    pen.fillStyle = '#8a2b0b';
    pen.font = '600 12px ' + FONT;
    pen.fillText(page.text.label(page.settings.warning[0], 60), 10, 61, width - 20);
  }

  /* Colours that stand in the legend of what is shown: label and colour. */
  function legendLooks() {
    return Array.prototype.map.call(page.parts.layers.querySelectorAll('.sp-layer:not(.sp-off) .sp-legend li'), function (item) {
      const mark = item.querySelector('.sp-swatch');
      return [item.textContent, mark.style.background, mark.style.borderColor];
    });
  }

  function foots(pen, looks, width, top) {
    pen.font = '12px ' + FONT;
    looks.forEach(function (look, k) {
      const x = 10 + (k % 3) * width / 3;
      const y = top + 18 + Math.floor(k / 3) * 22;
      pen.fillStyle = look[1] || '#ffffff';
      pen.strokeStyle = look[2] || '#999999';
      pen.fillRect(x, y - 9, 16, 11);
      pen.strokeRect(x, y - 9, 16, 11);
      pen.fillStyle = '#1d2329';
      pen.fillText(page.text.label(look[0], 22), x + 22, y, width / 3 - 30);
    });
    pen.fillStyle = '#5b6671';
    const edition = document.querySelector('.sp-edition').textContent;
    pen.fillText(page.text.label(edition, 60), 10, top + 22 * Math.ceil(looks.length / 3) + 24, width - 20);
  }

  function saveView() {
    viewPicture().toBlob(function (blob) {
      const link = make('a');
      link.href = URL.createObjectURL(blob);
      link.download = page.settings.title.replace(/[\\/:*?"<>|\s]+/g, '_') + '.png';
      document.body.appendChild(link);
      link.click();
      document.body.removeChild(link);
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
    }, 'image/png');
  }

  let hintTimer = null;

  function hint(text) {
    let node = document.querySelector('.sp-hint');
    if (!node) {
      node = make('div', 'sp-hint');
      node.setAttribute('role', 'status');
      document.querySelector('.sp-frame').appendChild(node);
    }
    node.textContent = text;
    node.hidden = !text;
    clearTimeout(hintTimer);
    if (text) hintTimer = setTimeout(function () { node.hidden = true; }, 6000);
  }

  // ---- swipe -------------------------------------------------------------------------------------------
  let bar = null;

  function setSwipe(share) {
    page.state.swipe = share;
    if (share === null) {
      if (bar) bar.parentNode.removeChild(bar);
      bar = null;
    } else {
      if (!bar) bar = makeBar();
      place(share);
    }
    page.emit('moment');
    page.emit('swipe');
  }

  function place(share) {
    page.state.swipe = Math.max(0, Math.min(1, share));
    bar.style.left = page.state.swipe * 100 + '%';
    bar.setAttribute('aria-valuenow', String(Math.round(page.state.swipe * 100)));
  }

  function rightOfBar() {
    return page.state.moment === 'change' && page.settings.steps.rank.length ? word('moment_change') : word('swipe_right');
  }

  function makeBar() {
    const node = make('div', 'sp-swipe');
    node.tabIndex = 0;
    node.setAttribute('role', 'slider');
    node.setAttribute('aria-valuemin', '0');
    node.setAttribute('aria-valuemax', '100');
    node.setAttribute('aria-label', word('swipe'));
    node.appendChild(make('span', 'sp-swipe-left', word('swipe_left')));
    node.appendChild(make('span', 'sp-swipe-right', rightOfBar()));
    const move = function (event) {
      const box = page.map.getContainer().getBoundingClientRect();
      place((event.clientX - box.left) / box.width);
      page.pictureSheet.later();
      page.sheet.later();
    };
    node.addEventListener('pointerdown', function (event) {
      event.preventDefault();
      node.focus();
      node.setPointerCapture(event.pointerId);
      node.addEventListener('pointermove', move);
    });
    ['pointerup', 'pointercancel'].forEach(function (end) {
      node.addEventListener(end, function () {
        node.removeEventListener('pointermove', move);
        remember();
      });
    });
    node.addEventListener('keydown', function (event) {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      place(page.state.swipe + step);
      page.pictureSheet.later();
      page.sheet.later();
      rememberSoon();
    });
    document.querySelector('.sp-frame').appendChild(node);
    return node;
  }

  page.on('moment', function () {
    if (bar) bar.querySelector('.sp-swipe-right').textContent = rightOfBar();
  });

  // ---- measuring ---------------------------------------------------------------------------------------
  let measuring = false;
  let track = [];
  let drawn = null;

  function measure(on) {
    measuring = on;
    track = [];
    if (drawn) page.map.removeLayer(drawn);
    drawn = on ? L.layerGroup().addTo(page.map) : null;
    document.querySelector('.sp-tool-measure').classList.toggle('sp-on', on);
    page.map.getContainer().classList.toggle('sp-measuring', on);
    if (on) page.map.doubleClickZoom.disable();
    else page.map.doubleClickZoom.enable();
    hint(on ? word('measure') : '');
  }

  /* A length as people write it. */
  function lengthText(metres) {
    return metres < 1000 ? page.text.number(metres) + ' m' : page.text.number(metres / 1000, 2) + ' km';
  }

  function addPoint(event) {
    if (!measuring) return;
    track.push(event.latlng);
    drawn.clearLayers();
    let total = 0;
    for (let i = 1; i < track.length; i += 1) total += page.geo.distance(track[i - 1], track[i]);
    L.polyline(track, { color: '#c2185b', weight: 3, interactive: false }).addTo(drawn);
    track.forEach(function (point) {
      L.circleMarker(point, { radius: 4, color: '#c2185b', fillColor: '#fff', fillOpacity: 1, interactive: false }).addTo(drawn);
    });
    const label = L.divIcon({ className: 'sp-length', iconSize: null, html: make('span', '', lengthText(total)) });
    L.marker(event.latlng, { icon: label, interactive: false, keyboard: false }).addTo(drawn);
    page.measured = total;
  }

  function endMeasure() {
    if (!measuring) return;
    const kept = drawn;
    drawn = null;
    measure(false);
    drawn = kept;
  }

  // ---- the view in the address -------------------------------------------------------------------------
  const FILTERS = ['county', 'town', 'purpose', 'source_type', 'network', 'band', 'status', 'uncertain'];
  let isRestoring = false;
  let written = '';

  function describe() {
    const map = page.map;
    const centre = map.getCenter();
    const found = new URLSearchParams();
    found.set('v', [map.getZoom(), centre.lat.toFixed(5), centre.lng.toFixed(5)].join('/'));
    if (page.layers.proposed && page.state.built < page.layers.proposed.spec.n) found.set('n', page.state.built);
    found.set('l', Object.keys(page.layers).filter(function (key) { return page.layers[key].shown; }).join('.'));
    if (page.state.moment !== 'change') found.set('m', page.state.moment);
    if (page.state.question !== 'S0') found.set('q', page.state.question);
    if (page.state.pins !== 'purpose') found.set('p', page.state.pins);
    if (page.state.swipe !== null) found.set('w', page.state.swipe.toFixed(3));
    FILTERS.forEach(function (key) { if (page.state.filters[key]) found.set('f_' + key, page.state.filters[key]); });
    const selected = page.state.selected;
    if (selected) {
      const id = { proposed: 'candidate_id', others: 'candidate_id', sites: 'site_id', villages: 'village' }[selected.key];
      if (id) found.set('s', selected.key + ':' + selected.row);
    }
    return '#' + found.toString();
  }

  const remember = function () {
    if (isRestoring || !page.ready) return;
    written = describe();
    if (window.location.hash === written) return;
    try {
      window.history.replaceState(null, '', written);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      window.location.replace(written); // some browsers keep the history of local files to themselves
    }
  };

  let waiting = null;

  function rememberSoon() {
    clearTimeout(waiting);
    waiting = setTimeout(remember, 400);
  }

  function restore() {
    const asked = new URLSearchParams(window.location.hash.slice(1));
    if (!asked.get('v')) return false;
    isRestoring = true;
    try {
      apply(asked);
    } finally {
      isRestoring = false;
    }
    return true;
  }

  /* The state an address asks for; what it cannot mean is left as it is. */
  function apply(asked) {
    const view = asked.get('v').split('/').map(Number);
    const isPlace = view.length === 3 && view.every(isFinite) && Math.abs(view[1]) <= 85 && Math.abs(view[2]) <= 360;
    if (isPlace) page.map.setView([view[1], view[2]], view[0], { animate: false, reset: true });
    const on = (asked.get('l') || '').split('.');
    if (asked.get('l') !== null) Object.keys(page.layers).forEach(function (key) { page.show(key, on.indexOf(key) >= 0); });
    page.state.filters = {};
    FILTERS.forEach(function (key) {
      const value = asked.get('f_' + key);
      const isKnown = key !== 'county' || page.settings.counties.some(function (each) { return each.county === value; });
      if (value && isKnown) page.state.filters[key] = key === 'uncertain' ? 1 : value;
    });
    page.filter();
    const n = asked.get('n');
    page.build(n === null || !isFinite(Number(n)) ? Infinity : Number(n));
    page.setMoment(asked.get('m'));
    page.setQuestion(asked.get('q') || 'S0');
    page.state.pins = asked.get('p') === 'source' ? 'source' : 'purpose';
    page.emit('pins');
    const swipe = asked.get('w');
    page.setSwipe(swipe !== null && isFinite(Number(swipe)) ? Number(swipe) : null);
    const chosen = (asked.get('s') || '').split(':');
    const each = Object.prototype.hasOwnProperty.call(page.layers, chosen[0]) ? page.layers[chosen[0]] : null;
    const row = Number(chosen[1]);
    if (each && each.spec.kind === 'points' && Number.isInteger(row) && row >= 0 && row < each.spec.n) page.open(chosen[0], row, null, true);
  }

  // ---- print -------------------------------------------------------------------------------------------
  let kept = null;

  function beforePrint() {
    if (kept) return;
    const map = page.map;
    kept = { centre: map.getCenter(), zoom: map.getZoom(), bounds: inSight(map), swipe: page.state.swipe };
    page.state.swipe = null;
    document.body.classList.add('sp-printing');
    fillPrint();
    map.invalidateSize({ animate: false });
    map.fitBounds(kept.bounds, { animate: false });
    page.pictureSheet.renew();
    page.sheet.renew();
  }

  /* What the panels leave of the map. */
  function inSight(map) {
    const size = map.getSize();
    const free = page.room();
    return L.latLngBounds(
      map.containerPointToLatLng([free[0], free[1]]),
      map.containerPointToLatLng([size.x - free[2], size.y - free[3]])
    );
  }

  function afterPrint() {
    if (!kept) return;
    document.body.classList.remove('sp-printing');
    page.map.invalidateSize({ animate: false });
    page.map.setView(kept.centre, kept.zoom, { animate: false });
    page.state.swipe = kept.swipe;
    page.pictureSheet.later();
    kept = null;
  }

  /* The margin of the sheet: legend of what is shown, numbers, notes, north. */
  function fillPrint() {
    let node = document.querySelector('.sp-print');
    if (node) node.parentNode.removeChild(node);
    node = make('aside', 'sp-print');
    const north = make('div', 'sp-north');
    north.appendChild(make('span', 'sp-north-arrow', '▲'));
    north.appendChild(make('span', '', word('north')));
    node.appendChild(north);
    [page.parts.said, page.parts.more].forEach(function (each) {
      if (each) node.appendChild(make('p', 'sp-print-numbers', each.textContent));
    });
    node.appendChild(make('p', 'sp-print-numbers', word('coverage_shown', {
      which: page.questionName(page.state.question) + ' · ' + word('moment_' + page.state.moment)
    })));
    Array.prototype.forEach.call(page.parts.layers.children, function (row) {
      if (row.classList.contains('sp-off')) return;
      const copy = row.cloneNode(true);
      Array.prototype.forEach.call(copy.querySelectorAll('input, select, .sp-choice'), function (box) { box.parentNode.removeChild(box); });
      node.appendChild(copy);
    });
    const notes = make('div', 'sp-print-notes');
    page.settings.notes.forEach(function (text) { notes.appendChild(make('p')).appendChild(page.text.quote(text)); });
    node.appendChild(notes);
    document.querySelector('.sp-frame').appendChild(node);
  }

  // ---- online base maps --------------------------------------------------------------------------------
  /* Tiles shifted by GCJ-02: the layer is asked for the shifted place and drawn at the true one. */
  const ShiftedTiles = L.TileLayer.extend({
    _shift: function (centre) {
      if (!page.geo.inChina(centre.lng, centre.lat)) return centre;
      const moved = page.geo.gcj02(centre.lng, centre.lat);
      return L.latLng(moved[1], moved[0]);
    },
    _getTiledPixelBounds: function (centre) {
      return L.TileLayer.prototype._getTiledPixelBounds.call(this, this._shift(centre));
    },
    _update: function (centre) {
      if (!this._map) return;
      L.TileLayer.prototype._update.call(this, this._shift(centre || this._map.getCenter()));
    },
    _setZoomTransform: function (level, centre, zoom) {
      L.TileLayer.prototype._setZoomTransform.call(this, level, this._shift(centre), zoom);
    }
  });

  let tiles = null;

  function onlineRow() {
    const node = make('fieldset', 'sp-layer sp-online');
    node.appendChild(make('legend', '', word('online')));
    const choice = make('div', 'sp-choice');
    [{ key: '', name: word('online_off') }].concat(page.settings.online).forEach(function (each) {
      const label = make('label', 'sp-option');
      const box = make('input');
      box.type = 'radio';
      box.name = 'online';
      box.value = each.key;
      box.checked = !each.key;
      box.addEventListener('change', function () { online(each); });
      label.appendChild(box);
      label.appendChild(make('span', '', each.name));
      choice.appendChild(label);
    });
    node.appendChild(choice);
    page.parts.credit = make('p', 'sp-credit');
    node.appendChild(page.parts.credit);
    page.parts.layers.appendChild(node);
  }

  function online(each) {
    if (tiles) page.map.removeLayer(tiles);
    tiles = null;
    page.parts.credit.textContent = each.key ? each.credit : '';
    page.state.relief = !each.key;
    page.emit('base');
    if (!each.key) return;
    const Kind = each.gcj02 ? ShiftedTiles : L.TileLayer;
    tiles = new Kind(each.url, { subdomains: each.subdomains || 'a', maxZoom: 18 });
    tiles.addTo(page.map);
  }

  // ---- start -------------------------------------------------------------------------------------------
  function keys(event) {
    if (event.key === 'Escape') {
      if (measuring) measure(false);
      else if (page.isMoving && page.isMoving()) page.endMove();
      else page.closeCard();
    }
    if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      if (!page.parts.search) return;
      event.preventDefault();
      page.parts.search.focus();
    }
  }

  function finish() {
    page.renumber();
    page.build(Infinity);
    page.frame();
    page.drawLayers();
    L.control.scale({ imperial: false, position: 'bottomright' }).addTo(page.map);
    toolbar();
    if (page.settings.online.length) onlineRow();
    page.map.on('click', addPoint);
    page.map.on('dblclick', endMeasure);
    page.listen();
    document.addEventListener('keydown', keys);
    window.addEventListener('beforeprint', beforePrint);
    window.addEventListener('afterprint', afterPrint);
    if (page.beginReturns) page.beginReturns();
    page.home();
    page.loadPictures().then(function () {
      page.ui.covered();
      restore();
      page.ready = true;
      page.map.on('moveend', rememberSoon);
      ['built', 'filter', 'layers', 'moment', 'question', 'pins', 'select'].forEach(function (event) { page.on(event, rememberSoon); });
      window.addEventListener('hashchange', function () { if (window.location.hash !== written) restore(); });
      setTimeout(function () { page.settlePictures().then(function () { page.settled = true; }); }, 0);
    });
  }

  Object.assign(page, {
    finish: finish, setSwipe: setSwipe, hint: hint, measure: measure, describe: describe, restore: restore, lengthText: lengthText, viewPicture: viewPicture,
    busy: function () { return measuring || (page.isMoving && page.isMoving()); }
  });
}(window.siteplan));
