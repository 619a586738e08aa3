/* What a click says: why a place was chosen, how well a village is served, and coordinates to take away.
 *
 * Every line is left out when there is nothing to say, so one table of lines serves
 * every audience. */
(function (page) {
  'use strict';

  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const number = page.text.number;

  // ---- lines ---------------------------------------------------------------------------------------------
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
    return value === null ? null : page.text.percent(value);
  }

  function gains(value) {
    if (!Array.isArray(value)) return value;
    const list = make('ul');
    value.forEach(function (each) {
      const item = make('li');
      item.appendChild(quote(page.settings.layerNames[each[0]]));
      item.appendChild(make('b', '', ' ' + number(each[1], 1)));
      list.appendChild(item);
    });
    return list;
  }

  /* A link to a candidate or site by its id; plain text where the map does not have it. */
  function link(id, more) {
    const text = more ? id + ' ' + more : id;
    if (!locate(id)) return quote(text);
    return page.text.button('sp-link', text, function () { find(id); });
  }

  function links(ids) {
    if (!ids || !ids.length) return null;
    const list = make('span');
    ids.forEach(function (each) {
      list.appendChild(Array.isArray(each) ? link(each[0], page.text.percent(each[1], 0)) : link(each));
    });
    return list;
  }

  function location(get) {
    if (!get('location_grade')) return null;
    return word('located', { grade: get('location_grade'), radius: number(get('location_radius_m') || 0) });
  }

  function choices(get) {
    if (get('class_of') === 'covered') return null;
    if (get('choices')) return links(get('choices'));
    return page.layers.villages.spec.columns.choices && get('share_before') !== null && !get('reached_rank') &&
      get('class_of') === 'uncovered' ? word('choice_none') : null;
  }

  function serving(get, name) {
    return get(name) ? link(get(name)) : null;
  }

  const BODIES = {
    proposed: function (get, list) {
      line(list, 'id', get('candidate_id'));
      line(list, 'last_status', page.statusLine ? page.statusLine(get('candidate_id')) : null);
      line(list, 'source_type', get('source_type'));
      line(list, 'network_bands', get('network_bands'));
      line(list, 'stations', get('stations'));
      line(list, 'height', unit('m', get('antenna_height_m'), 1));
      line(list, 'ground', unit('m', get('ground_m')));
      line(list, 'place', place(get));
      line(list, 'owner', get('owner'));
      line(list, 'location', location(get));
      line(list, 'people_new', unit('people', get('people_newly_covered')));
      line(list, 'villages_new', get('villages_newly_covered_names') || null);
      line(list, 'gain', gains(get('gain_by_layer')));
      line(list, 'buffer', unit('m', get('cell_radius_m')));
      line(list, 'radius', unit('m', get('search_radius_m')));
      line(list, 'due', get('due_date'));
      line(list, 'alternates', links(get('alternates')));
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
      line(list, 'source_type', get('source_type'));
      line(list, 'place', place(get));
      line(list, 'location', location(get));
      line(list, 'height', unit('m', get('antenna_height_m'), 1));
    },
    villages: function (get, list) {
      line(list, 'town', [get('county'), get('town')].filter(Boolean).join(' '));
      line(list, 'people', unit('people', get('people')));
      if (get('settled_by') && get('settled_by') !== 'table') line(list, 'settled', word('settled_' + get('settled_by')));
      if (get('evidence') === 'measured') line(list, 'evidence', word('evidence_measured'));
      line(list, 'share_before', share(get('share_before')));
      line(list, 'share_after', share(get('share_after')));
      line(list, 'networks_before', get('networks_before'));
      line(list, 'networks_after', get('networks_after'));
      line(list, 'serving_before', serving(get, 'serving_site_before'));
      line(list, 'serving_after', serving(get, 'serving_site_after'));
      if (get('reached_rank')) line(list, 'rank', word('reached_at', { n: get('reached_rank') }));
      line(list, 'choices', choices(get));
      if (get('model_difference_db')) line(list, 'status', word('village_doubt', { n: number(get('model_difference_db'), 1) }));
    },
    sites: function (get, list) {
      line(list, 'id', get('site_id'));
      line(list, 'network_bands', get('network_bands'));
      line(list, 'stations', get('stations'));
      line(list, 'height', unit('m', get('antenna_height_m'), 1));
      line(list, 'sectors', get('sectors'));
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
    },
    zones: function (get, list) {
      line(list, 'zone_kind', get('layer'));
      line(list, 'zone_level', get('level') ? word('zone_' + get('level')) : null);
      line(list, 'zone_basis', get('basis'));
    }
  };

  // ---- coordinates ---------------------------------------------------------------------------------------
  function dms(value, positive, negative) {
    const whole = Math.round(Math.abs(value) * 36000);
    const degrees = Math.floor(whole / 36000);
    const minutes = Math.floor(whole % 36000 / 600);
    const seconds = (whole % 600) / 10;
    const two = function (n) { return n < 10 ? '0' + n : String(n); };
    return degrees + '°' + two(minutes) + '′' + (seconds < 10 ? '0' : '') + seconds.toFixed(1) + '″' +
      (value < 0 ? negative : positive);
  }

  function coordinates(longitude, latitude, gcj, title) {
    const rows = [['WGS84', pair(longitude, latitude)]];
    if (gcj) rows.push(['GCJ-02', pair(gcj[0], gcj[1])]);
    rows.push([word('dms'), dms(longitude, 'E', 'W') + ' ' + dms(latitude, 'N', 'S')]);
    const box = make('div', 'sp-coordinates');
    rows.forEach(function (row) {
      const item = make('div', 'sp-coordinate');
      item.appendChild(make('span', 'sp-datum', row[0]));
      item.appendChild(make('code', '', row[1]));
      item.appendChild(copyButton(row[1]));
      box.appendChild(item);
    });
    if (gcj && page.settings.navigate) box.appendChild(navigate(gcj, title));
    return box;
  }

  function copyButton(text) {
    const button = page.text.button('sp-link', word('copy'), function () {
      copy(text).then(function (done) { if (done) button.textContent = word('copied'); });
    });
    return button;
  }

  function copy(text) {
    const plain = function () {
      const area = make('textarea');
      area.value = text;
      document.body.appendChild(area);
      area.select();
      const done = document.execCommand('copy');
      document.body.removeChild(area);
      return done;
    };
    if (!navigator.clipboard) return Promise.resolve(plain());
    return navigator.clipboard.writeText(text).then(function () { return true; }, plain);
  }

  function navigate(gcj, title) {
    const anchor = make('a', 'sp-link', word('navigate'));
    anchor.href = page.settings.navigate.replace('{longitude}', gcj[0].toFixed(6))
      .replace('{latitude}', gcj[1].toFixed(6)).replace('{name}', encodeURIComponent(page.text.label(title || '', 40)));
    anchor.target = '_blank';
    anchor.rel = 'noopener noreferrer';
    return anchor;
  }

  function shifted(longitude, latitude) {
    return page.geo.inChina(longitude, latitude) ? page.geo.gcj02(longitude, latitude) : null;
  }

  function coordinatesOf(key, get) {
    if (page.settings.edition.snapped && key !== 'villages') return null;
    const given = get('longitude_gcj02') !== null && page.geo.inChina(get('lon'), get('lat'));
    const gcj = given ? [get('longitude_gcj02'), get('latitude_gcj02')] : shifted(get('lon'), get('lat'));
    return coordinates(get('lon'), get('lat'), gcj, page.name(key, get.row));
  }

  // ---- popups ----------------------------------------------------------------------------------------------
  function getter(key, row) {
    const each = page.layers[key];
    const classes = each.spec.classes;
    const get = function (column) {
      if (column === 'class_of') return classes[each.spec.columns['class'][row]].value;
      return each.read(row, column);
    };
    get.row = row;
    return get;
  }

  function chip(key, row) {
    const spec = page.layers[key].spec;
    const look = spec.classes[spec.columns['class'][row]];
    const get = page.getter(key, row);
    const node = make('span', 'sp-chip', key === 'proposed' ? get('mark') || get('rank') : look.label);
    node.style.background = look.fill;
    node.style.color = page.ink(look.fill);
    return node;
  }

  function content(key, row) {
    const get = getter(key, row);
    const node = make('div', 'sp-popup');
    const head = make('h3');
    head.appendChild(chip(key, row));
    head.appendChild(quote(page.name(key, row)));
    node.appendChild(head);
    if (get('reason')) node.appendChild(quote(get('reason'), 'sp-reason'));
    const list = make('dl');
    BODIES[key](get, list);
    node.appendChild(list);
    if (page.layers[key].spec.kind === 'points') {
      const box = coordinatesOf(key, get);
      if (box) node.appendChild(box);
    }
    if (key === 'proposed' && page.markForm) {
      const form = page.markForm(row);
      if (form) node.appendChild(form);
    }
    return node;
  }

  function open(key, row, where) {
    if (!BODIES[key]) return;
    const get = page.getter(key, row);
    const point = page.layers[key].spec.kind === 'points' ? L.latLng(get('lat'), get('lon')) : where;
    popup(point, content(key, row));
    page.state.selected = { key: key, row: row };
    if (key === 'proposed') {
      page.setRing({
        lat: point.lat, lng: point.lng, radius: get('search_radius_m') || 0, buffer: get('cell_radius_m') || 0,
        rank: get('rank')
      });
    } else page.setRing(page.layers[key].spec.kind === 'points' ? { lat: point.lat, lng: point.lng } : null);
    page.emit('select');
  }

  function popup(point, node) {
    const size = page.map.getSize();
    const free = page.room();
    L.popup({
      maxWidth: Math.min(370, size.x - 50), minWidth: Math.min(280, size.x - 60),
      maxHeight: Math.max(160, Math.min(560, size.y - free[1] - free[3] - 90)),
      autoPanPaddingTopLeft: free.slice(0, 2), autoPanPaddingBottomRight: free.slice(2)
    }).setLatLng(point).setContent(node).openOn(page.map);
  }

  function closed() {
    page.state.selected = null;
    page.setRing(null);
    page.emit('select');
  }

  /* Coordinates of any place: right click, or a long press. */
  function here(event) {
    if (page.settings.edition.snapped) return;
    const at = event.latlng.wrap();
    const node = make('div', 'sp-popup');
    node.appendChild(make('h3', '', word('here')));
    node.appendChild(coordinates(at.lng, at.lat, shifted(at.lng, at.lat), ''));
    popup(at, node);
  }

  // ---- going to a thing --------------------------------------------------------------------------------------
  function go(key, row) {
    const get = page.getter(key, row);
    const point = L.latLng(get('lat'), get('lon'));
    if (page.endMove) page.endMove();
    page.show(key, true);
    page.map.closePopup();
    page.map.setView(point, Math.max(page.map.getZoom(), 13), { animate: false });
    open(key, row, point);
  }

  const IDS = [['proposed', 'candidate_id'], ['others', 'candidate_id'], ['sites', 'site_id']];
  let index = null;

  /* Layer and row of an id. */
  function locate(id) {
    if (!index) {
      index = new Map();
      IDS.forEach(function (pair) {
        const each = page.layers[pair[0]];
        if (!each || !each.spec.columns[pair[1]]) return;
        for (let row = 0; row < each.spec.n; row += 1) {
          const one = each.read(row, pair[1]);
          if (!index.has(one)) index.set(one, [pair[0], row]);
        }
      });
    }
    return index.get(id) || null;
  }

  function find(id) {
    const found = locate(id);
    if (found) go(found[0], found[1]);
  }

  function listen() {
    const map = page.map;
    const reach = L.Browser.mobile ? 12 : 4;
    map.on('click', function (event) {
      if (page.busy && page.busy()) return;
      const found = page.hit(event.layerPoint, reach);
      if (found) open(found[0], found[1], event.latlng);
    });
    map.on('contextmenu', here);
    map.on('popupclose', closed);
    map.on('mousemove', L.Util.throttle(function (event) {
      const over = !(page.busy && page.busy()) && page.hit(event.layerPoint, reach);
      map.getContainer().style.cursor = over ? 'pointer' : '';
    }, 60));
  }

  Object.assign(page, {
    open: open, go: go, find: find, locate: locate, chip: chip, copy: copy, listen: listen
  });
}(window.siteplan));
