/* The map of the page: draws the layers and builds their popups.
 *
 * One decision to know: every word from a table reaches the page through textContent; nothing here or
 * in siteplan_panel.js reads text as HTML. Syntax stays at what Chromium 60 can run. */
window.siteplan = (function () {
  'use strict';

  const COORDINATE = 1e5;
  const LABELLED = 20;
  const LABEL_ZOOM = 11;
  const DETAIL_ZOOM = 14;
  const ORDER = ['counties', 'gaps', 'properties', 'others', 'sites', 'villages', 'proposed'];

  const page = { map: null, canvas: null, settings: null, layers: {}, pictures: {}, counts: {} };
  let ring = null;

  // ---- text -----------------------------------------------------------------------------------
  function word(key, values) {
    const text = page.settings.words[key] || key;
    return text.replace(/\{(\w+)(:[^}]*)?\}/g, function (whole, name) {
      return values && name in values ? String(values[name]) : whole;
    });
  }

  function number(value, digits) {
    const parts = Number(value).toFixed(digits || 0).split('.');
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ',');
    return parts.join('.');
  }

  function percent(value) {
    return (Math.round(value * 1000) / 10) + '%';
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = String(text);
    return node;
  }

  /* Text of a table: isolated, so that right-to-left marks stay inside. */
  function quote(text, className) {
    return make('bdi', className, text);
  }

  // ---- data -----------------------------------------------------------------------------------
  function reader(column) {
    if (!column) return function () { return null; };
    if (Array.isArray(column)) return function (row) { return column[row]; };
    return function (row) { return column.values[column.codes[row]]; };
  }

  function table(spec) {
    const read = {};
    Object.keys(spec.columns).forEach(function (name) { read[name] = reader(spec.columns[name]); });
    return function (row, name) { return read[name] ? read[name](row) : null; };
  }

  function rings(polygons) {
    return polygons.map(function (polygon) {
      return polygon.map(function (steps) {
        const line = [];
        let x = 0;
        let y = 0;
        for (let i = 0; i < steps.length; i += 2) {
          x += steps[i];
          y += steps[i + 1];
          line.push([y / COORDINATE, x / COORDINATE]);
        }
        return line;
      });
    });
  }

  // ---- symbols --------------------------------------------------------------------------------
  function scale(zoom) {
    if (zoom >= DETAIL_ZOOM) return 2.1;
    return Math.max(0.6, 0.78 + (zoom - 8.5) * 0.24);
  }

  const Dot = L.CircleMarker.extend({
    _project: function () {
      this._radius = this.options.size * scale(this._map.getZoom());
      L.CircleMarker.prototype._project.call(this);
    }
  });

  const RankDot = Dot.extend({
    _project: function () {
      this._labelled = this.options.rank <= LABELLED || this._map.getZoom() >= LABEL_ZOOM;
      Dot.prototype._project.call(this);
      if (this._labelled) {
        this._radius = Math.max(this._radius, 9);
        this._updateBounds();
      }
    },
    _updatePath: function () {
      L.CircleMarker.prototype._updatePath.call(this);
      if (!this._labelled || this._empty()) return;
      const pen = this._renderer._ctx;
      const digits = String(this.options.rank).length;
      pen.globalAlpha = 1;
      pen.fillStyle = this.options.ink;
      pen.textAlign = 'center';
      pen.textBaseline = 'middle';
      pen.font = 'bold ' + Math.round(this._radius * (digits > 2 ? 0.95 : 1.15)) + 'px sans-serif';
      pen.fillText(String(this.options.rank), this._point.x, this._point.y + 0.5);
    }
  });

  function ink(colour) {
    const parts = [1, 3, 5].map(function (at) { return parseInt(colour.substr(at, 2), 16); });
    return parts[0] * 0.3 + parts[1] * 0.59 + parts[2] * 0.11 > 140 ? '#1b1b1b' : '#ffffff';
  }

  function dot(spec, row, read) {
    const look = spec.classes[spec.columns['class'][row]];
    const Kind = spec.key === 'proposed' ? RankDot : Dot;
    return new Kind([read(row, 'lat'), read(row, 'lon')], {
      renderer: page.canvas, row: row, size: look.size, rank: read(row, 'rank'), ink: ink(look.fill),
      color: look.line, weight: look.width, fillColor: look.fill, fillOpacity: 0.95
    });
  }

  function shape(spec, row) {
    const look = spec.classes[0];
    return L.polygon(rings(spec.shapes[row]), {
      renderer: page.canvas, row: row, color: look.line, weight: look.width, opacity: 0.9,
      fill: look.opacity > 0, fillColor: look.fill, fillOpacity: look.opacity, smoothFactor: 1.2,
      interactive: spec.key !== 'counties'
    });
  }

  function countyName(read, row) {
    const icon = L.divIcon({ className: 'sp-county', iconSize: null, html: quote(read(row, 'county')) });
    return L.marker([read(row, 'y'), read(row, 'x')], {
      icon: icon, interactive: false, keyboard: false
    });
  }

  // ---- layers ---------------------------------------------------------------------------------
  function begin(map, settings) {
    page.map = map;
    page.settings = settings;
    page.canvas = L.canvas({ padding: 0.3, tolerance: L.Browser.mobile ? 8 : 3 });
    map.setMinZoom(7);
    map.fitBounds(settings.bounds, { animate: false });
    L.control.scale({ imperial: false, position: 'bottomright' }).addTo(map);
    map.on('popupclose', dropRing);
  }

  function layer(spec) {
    const read = table(spec);
    const group = L.featureGroup();
    for (let row = 0; row < spec.n; row += 1) {
      const drawn = spec.kind === 'points' ? dot(spec, row, read) : shape(spec, row);
      group.addLayer(drawn);
      if (spec.key === 'counties') group.addLayer(countyName(read, row));
    }
    group.on('click', function (event) {
      L.DomEvent.stopPropagation(event);
      const drawn = event.propagatedFrom || event.layer;
      open(spec.key, drawn.options.row, event.latlng);
    });
    page.layers[spec.key] = { spec: spec, read: read, group: group, shown: false };
    page.counts[spec.key] = spec.n;
    if (spec.show) show(spec.key, true);
  }

  function picture(key, overlay) {
    page.pictures[key] = overlay;
  }

  function show(key, on) {
    const each = page.layers[key];
    if (!each || each.shown === on) return;
    each.shown = on;
    if (!on) {
      page.map.removeLayer(each.group);
      return;
    }
    page.map.addLayer(each.group);
    raise(key);
  }

  /* What lies above a layer is drawn after it again. */
  function raise(key) {
    ORDER.slice(ORDER.indexOf(key) + 1).forEach(function (above) {
      const each = page.layers[above];
      if (each && each.shown) each.group.bringToFront();
    });
  }

  function showPicture(key, on) {
    const overlay = page.pictures[key];
    if (!overlay) return;
    if (on) page.map.addLayer(overlay);
    else page.map.removeLayer(overlay);
  }

  // ---- popups ---------------------------------------------------------------------------------
  function line(list, label, value) {
    if (value === null || value === undefined || value === '') return;
    list.appendChild(make('dt', '', word(label)));
    const cell = make('dd');
    cell.appendChild(value instanceof Node ? value : quote(value));
    list.appendChild(cell);
  }

  function unit(name, value, digits) {
    return value === null ? null : word('unit_' + name, { n: number(value, digits) });
  }

  function pair(longitude, latitude) {
    if (longitude === null || latitude === null) return null;
    return Number(longitude).toFixed(6) + ', ' + Number(latitude).toFixed(6);
  }

  function place(get) {
    return ['county', 'town', 'village'].map(get).filter(Boolean).join(' ');
  }

  function share(value) {
    return value === null ? null : percent(value);
  }

  function gains(value) {
    if (!Array.isArray(value)) return value;
    const list = make('ul');
    value.forEach(function (each) {
      const item = make('li');
      item.appendChild(quote(each[0]));
      item.appendChild(make('b', '', ' ' + (typeof each[1] === 'number' ? number(each[1], 1) : each[1])));
      list.appendChild(item);
    });
    return list;
  }

  function alternates(ids) {
    if (!ids || !ids.length) return null;
    const list = make('span');
    ids.forEach(function (id) {
      const button = make('button', 'sp-link', id);
      button.type = 'button';
      button.addEventListener('click', function () { find(id); });
      list.appendChild(button);
    });
    return list;
  }

  const BODIES = {
    proposed: function (get, list) {
      line(list, 'id', get('candidate_id'));
      line(list, 'rung', get('rung'));
      line(list, 'network_bands', get('network_bands'));
      line(list, 'stations', get('stations'));
      line(list, 'height', unit('m', get('antenna_height_m'), 1));
      line(list, 'ground', unit('m', get('ground_m')));
      line(list, 'place', place(get));
      line(list, 'wgs84', pair(get('lon'), get('lat')));
      line(list, 'gcj02', pair(get('longitude_gcj02'), get('latitude_gcj02')));
      line(list, 'people_new', unit('people', get('people_newly_covered')));
      line(list, 'villages_new', get('villages_newly_covered_names') || null);
      line(list, 'gain', gains(get('gain_by_layer')));
      line(list, 'buffer', unit('m', get('cell_radius_m')));
      line(list, 'radius', unit('m', get('search_radius_m')));
      line(list, 'due', get('due_date'));
      line(list, 'alternates', alternates(get('alternates')));
      line(list, 'restriction', get('restriction'));
      line(list, 'cost', get('cost'));
      line(list, 'power', unit('m', get('power_distance_m')));
      line(list, 'backhaul', unit('m', get('backhaul_distance_m')));
      line(list, 'success', share(get('success_probability')));
    },
    others: function (get, list) {
      line(list, 'status', word('status_' + get('status')));
      line(list, 'rule', get('rule'));
      line(list, 'id', get('candidate_id'));
      line(list, 'rung', get('rung'));
      line(list, 'place', place(get));
      line(list, 'height', unit('m', get('antenna_height_m'), 1));
      line(list, 'wgs84', pair(get('lon'), get('lat')));
    },
    villages: function (get, list) {
      line(list, 'town', [get('county'), get('town')].filter(Boolean).join(' '));
      line(list, 'people', unit('people', get('people')));
      line(list, 'share_before', share(get('share_before')));
      line(list, 'share_after', share(get('share_after')));
      line(list, 'networks_before', get('networks_before'));
      line(list, 'networks_after', get('networks_after'));
    },
    sites: function (get, list) {
      line(list, 'id', get('site_id'));
      line(list, 'network_bands', get('network_bands'));
      line(list, 'stations', get('stations'));
      line(list, 'height', unit('m', get('antenna_height_m'), 1));
      line(list, 'place', place(get));
    },
    properties: function (get, list) {
      line(list, 'id', get('property_id'));
      line(list, 'kind', get('kind'));
      line(list, 'owner', get('owner'));
      line(list, 'address', get('address'));
      line(list, 'place', place(get));
      line(list, 'building', unit('m', get('building_height_m'), 1));
    },
    gaps: function (get, list) {
      line(list, 'layer', get('layer'));
      line(list, 'network', get('network'));
      line(list, 'place', place(get));
      line(list, 'area', unit('km2', get('area_km2'), 2));
      line(list, 'people', unit('people', get('people')));
    }
  };

  const NAMES = {
    proposed: 'name', others: 'name', villages: 'village', sites: 'site_name',
    properties: 'property_name', gaps: 'gap_id'
  };

  function getter(key, row) {
    const read = page.layers[key].read;
    return function (name) { return read(row, name); };
  }

  function name(key, row) {
    const get = getter(key, row);
    return get(NAMES[key]) || get('candidate_id') || get('site_id') || get('property_id') || '';
  }

  function chip(key, row) {
    const spec = page.layers[key].spec;
    const look = spec.classes[spec.columns['class'][row]];
    const node = make('span', 'sp-chip', key === 'proposed' ? getter(key, row)('rank') : look.label);
    node.style.background = look.fill;
    node.style.color = ink(look.fill);
    return node;
  }

  function content(key, row) {
    const get = getter(key, row);
    const node = make('div', 'sp-popup');
    const head = make('h3');
    head.appendChild(chip(key, row));
    head.appendChild(quote(name(key, row)));
    node.appendChild(head);
    if (get('reason')) node.appendChild(quote(get('reason'), 'sp-reason'));
    const list = make('dl');
    BODIES[key](get, list);
    node.appendChild(list);
    return node;
  }

  function open(key, row, where) {
    if (!BODIES[key]) return;
    const get = getter(key, row);
    const point = page.layers[key].spec.kind === 'points' ? L.latLng(get('lat'), get('lon')) : where;
    const size = page.map.getSize();
    const free = page.room();
    L.popup({
      maxWidth: Math.min(370, size.x - 50), minWidth: Math.min(280, size.x - 60),
      maxHeight: Math.max(160, Math.min(560, size.y - free[1] - free[3] - 90)),
      autoPanPaddingTopLeft: free.slice(0, 2), autoPanPaddingBottomRight: free.slice(2)
    }).setLatLng(point).setContent(content(key, row)).openOn(page.map);
    const radius = get('search_radius_m');
    if (key === 'proposed' && radius > 0) drawRing(point, radius, get('cell_radius_m'));
  }

  // The search ring (dashed) and where the propagation buffer ends (thin line), both in metres.
  function drawRing(point, radius, buffer) {
    dropRing();
    const inner = L.circle(point, {
      renderer: page.canvas, radius: radius, interactive: false, color: '#1b1b1b', weight: 1.6,
      dashArray: '6 4', fillColor: '#ffffff', fillOpacity: 0.25
    });
    const outer = L.circle(point, {
      renderer: page.canvas, radius: buffer > 0 ? buffer : radius, interactive: false,
      color: '#0b4f8a', weight: 1.2, fill: false
    });
    ring = L.layerGroup([outer, inner]).addTo(page.map);
    raise('sites');
  }

  function dropRing() {
    if (ring) page.map.removeLayer(ring);
    ring = null;
  }

  // ---- going to a thing -----------------------------------------------------------------------
  function go(key, row) {
    const get = getter(key, row);
    const point = L.latLng(get('lat'), get('lon'));
    show(key, true);
    page.map.closePopup();
    page.map.setView(point, Math.max(page.map.getZoom(), 13), { animate: false });
    open(key, row, point);
    if (page.changed) page.changed();
  }

  function find(id) {
    ['proposed', 'others'].some(function (key) {
      const each = page.layers[key];
      if (!each) return false;
      for (let row = 0; row < each.spec.n; row += 1) {
        if (each.read(row, 'candidate_id') === id) {
          go(key, row);
          return true;
        }
      }
      return false;
    });
  }

  page.begin = begin;
  page.layer = layer;
  page.picture = picture;
  page.show = show;
  page.showPicture = showPicture;
  page.go = go;
  page.name = name;
  page.getter = getter;
  page.chip = chip;
  page.text = { word: word, number: number, make: make, quote: quote };
  return page;
}());
