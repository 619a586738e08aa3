/* Ground of the page: words, tables, what is filtered, and who is told when something changes.
 *
 * Every word from a table reaches the page through textContent; no script here
 * reads text as HTML. Syntax stays at what Chromium 80 can run. */
window.siteplan = (function () {
  'use strict';

  const EARTH_RADIUS_M = 6378137;
  const WORLD = 256;

  const page = {
    map: null, settings: null, layers: {}, counts: {}, ready: false,
    state: {
      built: 0, question: 'S0', moment: 'change', pins: 'purpose', swipe: null, filters: {}, selected: null, base: true
    }
  };
  const listeners = {};

  // ---- who is told -----------------------------------------------------------------------------
  function on(event, listener) {
    if (!listeners[event]) listeners[event] = [];
    listeners[event].push(listener);
  }

  function emit(event, value) {
    (listeners[event] || []).forEach(function (listener) { listener(value); });
  }

  // ---- text --------------------------------------------------------------------------------------
  function word(key, values) {
    const text = page.settings.words[key] || key;
    return text.replace(/\{(\w+)(:[^}]*)?\}/g, function (whole, name) {
      return values && name in values ? String(values[name]) : whole;
    });
  }

  function count(value, digits) {
    const parts = Number(value).toFixed(digits || 0).split('.');
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ',');
    return parts.join('.');
  }

  function percent(value, digits) {
    return (value * 100).toFixed(digits === undefined ? 1 : digits) + '%';
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = String(text);
    return node;
  }

  function button(className, text, action) {
    const node = make('button', className, text);
    node.type = 'button';
    if (action) node.addEventListener('click', action);
    return node;
  }

  /* Text of a table: isolated, so that right-to-left marks stay inside. */
  function quote(text, className) {
    return make('bdi', className, text);
  }

  /* The same for the canvas, which knows no isolation: marks are dropped, long names are cut. */
  function label(text, most) {
    const plain = String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '');
    const limit = 2 * (most || 16);
    let width = 0;
    for (let i = 0; i < plain.length; i += 1) {
      width += plain.charCodeAt(i) > 0x2e7f ? 2 : 1.2;
      if (width > limit) return plain.slice(0, i) + '…';
    }
    return plain;
  }

  // ---- tables ------------------------------------------------------------------------------------
  function codesOf(column) {
    if (column.codes) return column.codes;
    const found = [];
    for (let k = 0; k < column.runs.length; k += 2) {
      for (let i = 0; i < column.runs[k + 1]; i += 1) found.push(column.runs[k]);
    }
    return found;
  }

  function fromSteps(column) {
    let sum = 0;
    return column.steps.map(function (step) {
      sum += step;
      return sum / column.per;
    });
  }

  function reader(column) {
    if (!column) return function () { return null; };
    if (column.steps) return reader(fromSteps(column));
    if (Array.isArray(column)) return function (row) { return column[row]; };
    const codes = codesOf(column);
    if (column.values) return function (row) { return column.values[codes[row]]; };
    if (column.starts) {
      const rest = reader(column.rests);
      return function (row) { return column.starts[codes[row]] + rest(row); };
    }
    return function (row) {
      const digits = String(column.numbers[row]);
      const code = codes[row];
      return column.heads[code] + '0'.repeat(column.widths[code] - digits.length) + digits;
    };
  }

  /* A piece of data of the page: JSON in a script element of its own, which is quicker to read than script. */
  function data(key) {
    return JSON.parse(document.getElementById('siteplan-' + key).textContent);
  }

  function table(spec) {
    const read = {};
    Object.keys(spec.columns).forEach(function (name) { read[name] = reader(spec.columns[name]); });
    return function (row, name) {
      const value = read[name] ? read[name](row) : null;
      return value === undefined ? null : value;
    };
  }

  function getter(key, row) {
    const read = page.layers[key].read;
    return function (name) { return read(row, name); };
  }

  const NAMES = {
    proposed: 'name', others: 'name', villages: 'village', sites: 'site_name', properties: 'property_name',
    gaps: 'gap_id', stretches: 'line_class', zones: 'zone', counties: 'county'
  };

  function name(key, row) {
    const get = getter(key, row);
    return get(NAMES[key]) || get('candidate_id') || get('site_id') || get('property_id') || get('layer') || '';
  }

  // ---- the world as a square of 256, y down ------------------------------------------------------
  function worldX(longitude) {
    return (longitude + 180) / 360 * WORLD;
  }

  function worldY(latitude) {
    const sine = Math.sin(latitude * Math.PI / 180);
    return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * WORLD;
  }

  /* Length of one world unit on the ground [m]. */
  function metres(latitude) {
    return 2 * Math.PI * EARTH_RADIUS_M * Math.cos(latitude * Math.PI / 180) / WORLD;
  }

  function distance(a, b) {
    const rad = Math.PI / 180;
    const u = Math.sin((b.lat - a.lat) * rad / 2);
    const v = Math.sin((b.lng - a.lng) * rad / 2);
    const h = u * u + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * v * v;
    return 2 * 6371008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
  }

  // ---- GCJ-02 ------------------------------------------------------------------------------------
  function wave(x, base, slope) {
    const p = Math.PI;
    return base + 2 / 3 * (20 * Math.sin(6 * x * p) + 20 * Math.sin(2 * x * p)) +
      2 / 3 * (20 * Math.sin(slope * p) + 40 * Math.sin(slope / 3 * p));
  }

  /* Longitude and latitude of GCJ-02; the shift is only defined for China. */
  function gcj02(longitude, latitude) {
    const x = longitude - 105;
    const y = latitude - 35;
    const p = Math.PI;
    const root = Math.sqrt(Math.abs(x));
    const north = wave(x, -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root, y) +
      2 / 3 * (160 * Math.sin(y / 12 * p) + 320 * Math.sin(y * p / 30));
    const east = wave(x, 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root, x) +
      2 / 3 * (150 * Math.sin(x / 12 * p) + 300 * Math.sin(x / 30 * p));
    const a = 6378245;
    const e2 = 0.006693421622965943;
    const phi = latitude * p / 180;
    const magic = 1 - e2 * Math.sin(phi) * Math.sin(phi);
    const meridian = a * (1 - e2) / (magic * Math.sqrt(magic));
    return [
      longitude + east * 180 / (a / Math.sqrt(magic) * Math.cos(phi) * p),
      latitude + north * 180 / (meridian * p)
    ];
  }

  function inChina(longitude, latitude) {
    return longitude > 72.004 && longitude < 137.8347 && latitude > 0.8293 && latitude < 55.8271;
  }

  // ---- filters -----------------------------------------------------------------------------------
  const TESTS = {
    county: function (get, value) { return get('county') === null || get('county') === value; },
    town: function (get, value) { return get('town') === null || get('town') === value; },
    purpose: function (get, value) { return get('purpose_of') === null || get('purpose_of') === value; },
    source_type: function (get, value) { return get('source_type') === null || get('source_type') === value; },
    network: function (get, value) { return has(get('networks_of'), value); },
    band: function (get, value) { return has(get('bands_of'), value); },
    uncertain: function (get) { return get('uncertain') === null || get('uncertain') === 1; }
  };

  function has(text, part) {
    return text === null || String(text).indexOf('\n' + part + '\n') >= 0;
  }

  /* Which rows of every layer pass; kept until the filters change. */
  function filter() {
    const names = Object.keys(page.state.filters).filter(function (each) { return page.state.filters[each]; });
    Object.keys(page.layers).forEach(function (key) {
      const each = page.layers[key];
      if (key === 'counties' || key === 'zones') return;
      for (let row = 0; row < each.spec.n; row += 1) {
        const get = function (column) { return each.read(row, column); };
        each.pass[row] = names.every(function (one) {
          if (one === 'status') return key !== 'proposed' || page.statusOf(get('candidate_id')) === page.state.filters.status;
          return TESTS[one](get, page.state.filters[one]);
        }) ? 1 : 0;
      }
    });
    renumber();
    emit('filter');
  }

  function setFilter(key, value) {
    page.state.filters[key] = value || null;
    if (key === 'county') page.state.filters.town = null;
    filter();
  }

  function isBuilt(rank) {
    return rank > 0 && rank <= page.state.built;
  }

  // ---- ranks of what is looked at ----------------------------------------------------------------
  let order = [];
  let place = new Map();

  /* Rows of the ranked places that pass the filters, the first rank first; a county counts its own from 1. */
  function renumber() {
    const each = page.layers.proposed;
    order = [];
    place = new Map();
    if (!each) return;
    for (let row = each.spec.n - 1; row >= 0; row -= 1) if (each.pass[row]) order.push(row);
    const own = page.state.filters.county;
    for (let row = each.spec.n - 1, k = 0; row >= 0; row -= 1) {
      const isOwn = !own || each.read(row, 'county') === own;
      if (isOwn) k += 1;
      place.set(row, isOwn ? k : each.read(row, 'rank'));
    }
  }

  /* Rank of a row as its reader counts: within the county that is looked at, else within the plan. */
  function rankOf(row) {
    return place.get(row);
  }

  /* Ranks of the county that is looked at, or of the plan, in order. */
  function rankScope() {
    const each = page.layers.proposed;
    const own = page.state.filters.county;
    const found = [];
    for (let row = each ? each.spec.n - 1 : -1; row >= 0; row -= 1) {
      if (!own || each.read(row, 'county') === own) found.push(each.read(row, 'rank'));
    }
    return found;
  }

  function build(count) {
    page.state.built = Math.max(0, Math.min(Math.round(count), page.layers.proposed ? page.layers.proposed.spec.n : 0));
    emit('built');
  }

  Object.assign(page, {
    on: on, emit: emit, data: data, table: table, columnCodes: codesOf, getter: getter, name: name, filter: filter, setFilter: setFilter,
    isBuilt: isBuilt, build: build, rankOf: rankOf, rankScope: rankScope, renumber: renumber,
    ordered: function () { return order; },
    statusOf: function () { return 'PROPOSED'; },
    text: {
      word: word, number: count, percent: percent, make: make, quote: quote, label: label, button: button
    },
    geo: {
      x: worldX, y: worldY, metres: metres, distance: distance, gcj02: gcj02, inChina: inChina, WORLD: WORLD
    }
  });
  return page;
}());
