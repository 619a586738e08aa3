/* The card of what is selected: why a place was chosen, how well a village is served, coordinates to take away.
 *
 * It is docked at the side, a sheet at the foot of a phone, so it never hides what it explains.
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
    const text = [id, more].filter(Boolean).join(' ');
    if (!locate(id)) return quote(text);
    return page.text.button('sp-link', text, function () { find(id); });
  }

  function links(ids) {
    if (!ids || !ids.length) return null;
    const list = make('span');
    ids.forEach(function (each) {
      list.appendChild(Array.isArray(each) ? link(each[0], page.text.percent(each[1], 0) + ' ' + calledOf(each[0])) : link(each));
    });
    return list;
  }

  /* Places beside a ranked one: what they are called and how far off they lie. */
  function beside(ids, get) {
    if (!ids || !ids.length) return null;
    const list = make('span');
    ids.forEach(function (id) {
      const found = locate(id);
      const other = found && page.getter(found[0], found[1]);
      const off = other ? page.lengthText(page.geo.distance({ lat: get('lat'), lng: get('lon') }, { lat: other('lat'), lng: other('lon') })) : '';
      list.appendChild(link(id, other ? page.text.label(page.name(found[0], found[1]), 14) + ' ' + off : ''));
    });
    return list;
  }

  function location(get) {
    if (!get('location_grade')) return null;
    return word('located', { grade: get('location_grade'), radius: number(get('location_radius_m') || 0) });
  }

  function choicesWithReason(get) {
    const list = links(get('choices'));
    if (get('class_of') === 'uncovered' || get('class_of') === 'people') list.appendChild(make('small', '', word('choice_not_chosen')));
    return list;
  }

  function choices(get) {
    if (get('class_of') === 'covered') return null;
    if (get('choices')) return choicesWithReason(get);
    return page.layers.villages.spec.columns.choices && get('share_before') !== null && !get('reached_rank') &&
      get('class_of') === 'uncovered' ? word('choice_none') : null;
  }

  /* Whether a village's point is reached while most of its people are not. */
  function isByPointAlone(get) {
    const isReached = get('class_of') === 'covered' || get('class_of') === 'newly';
    return isReached && get('share_after') !== null && get('share_after') < 0.5;
  }

  /* A village counts by its point; where its people say otherwise, that is said. */
  function villageRule(get) {
    if (isByPointAlone(get)) return word('village_few', { share: page.text.percent(get('share_after')) });
    return get('class_of') === 'people' ? word('state_people') : null;
  }

  /* Rank and name of a site, beside its id. */
  function calledOf(id) {
    const found = locate(id);
    if (!found) return '';
    const called = page.text.label(page.name(found[0], found[1]), 14);
    return found[0] === 'proposed' ? word('rank') + page.signOf(found[1]) + ' ' + called : called;
  }

  function serving(get, name) {
    return get(name) ? link(get(name), calledOf(get(name))) : null;
  }

  const BODIES = {
    proposed: function (get, list) {
      line(list, 'id', get('candidate_id'));
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
      line(list, 'existing_nearby', get('existing_nearby'));
      line(list, 'alternates', beside(get('alternates'), get));
      line(list, 'restriction', get('restriction'));
      line(list, 'cost', get('cost'));
      line(list, 'power', unit('m', get('power_distance_m')));
      line(list, 'backhaul', unit('m', get('backhaul_distance_m')));
      line(list, 'success', share(get('success_probability')));
      line(list, 'backhaul_hint', get('backhaul') || null);
      line(list, 'exposure_hint', get('exposure') || null);
      line(list, 'stays', share(get('stays')));
    },
    others: function (get, list) {
      line(list, 'status', word('status_' + get('status')));
      line(list, 'rule', get('rule'));
      line(list, 'id', get('candidate_id'));
      line(list, 'source_type', get('source_type'));
      line(list, 'place', place(get));
      line(list, 'location', location(get));
    },
    villages: function (get, list) {
      line(list, 'town', [get('county'), get('town')].filter(Boolean).join(' '));
      line(list, 'people', unit('people', get('people')));
      if (get('settled_by') && get('settled_by') !== 'table') line(list, 'settled', word('settled_' + get('settled_by')));
      if (get('evidence') === 'measured') line(list, 'evidence', word('evidence_measured'));
      line(list, 'share_before', share(get('share_before')));
      line(list, 'share_after', share(get('share_after')));
      line(list, 'village_rule', villageRule(get));
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
    stretches: function (get, list) {
      line(list, 'place', get('county'));
      line(list, 'stretch_length', unit('m', get('length_m')));
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
    if (gcj) rows.unshift([word('gcj02_phone'), pair(gcj[0], gcj[1])]);
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

  /* Where to go: the place it was moved to before the one that was planned. */
  function places(key, row, get) {
    const node = make('div', 'sp-places');
    const moved = key === 'proposed' && page.movedTo && page.movedTo(get('candidate_id'));
    if (moved) {
      const at = L.latLng(moved.latitude, moved.longitude);
      const off = page.geo.distance(at, { lat: get('lat'), lng: get('lon') });
      node.appendChild(make('strong', 'sp-moved', word('moved_to', { n: number(off) })));
      node.appendChild(coordinates(at.lng, at.lat, shifted(at.lng, at.lat), page.name(key, row)));
      node.appendChild(make('p', 'sp-found', word('planned_at')));
    }
    const box = coordinatesOf(key, get);
    if (box) node.appendChild(box);
    return node;
  }

  // ---- the card ----------------------------------------------------------------------------------------------
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
    const isRanked = key === 'proposed';
    const look = isRanked ? page.lookOf(row) : spec.classes[spec.columns['class'][row]];
    const isFew = key === 'villages' && isByPointAlone(getter(key, row));
    const node = make('span', 'sp-chip', isRanked ? page.signOf(row) : look.label + (isFew ? word('point_alone') : ''));
    node.style.background = look.fill;
    node.style.color = page.ink(look.fill);
    return node;
  }

  /* Status and rank of a ranked place, before everything else. */
  function standing(row) {
    const get = page.getter('proposed', row);
    const node = make('div', 'sp-standing');
    const own = page.rankOf(row);
    if (page.layers.proposed.spec.columns.status) {
      const last = page.statusLine ? page.statusLine(get('candidate_id')) : null;
      node.appendChild(make('strong')).appendChild(quote(last || word('status_' + page.statusOf(get('candidate_id')))));
    }
    if (own !== get('rank')) node.appendChild(make('span', '', word('rank_in_all', { n: get('rank') })));
    return node;
  }

  function content(key, row) {
    const get = getter(key, row);
    const node = make('div', 'sp-popup');
    const head = make('h3');
    head.appendChild(chip(key, row));
    head.appendChild(quote(page.name(key, row)));
    node.appendChild(head);
    if (key === 'proposed') node.appendChild(standing(row));
    if (get('benefit')) node.appendChild(quote(get('benefit'), 'sp-benefit'));
    if (get('reason')) node.appendChild(quote(get('reason'), 'sp-reason'));
    if (page.layers[key].spec.kind === 'points') node.appendChild(places(key, row, get));
    const list = make('dl');
    BODIES[key](get, list);
    node.appendChild(list);
    const sight = key === 'proposed' && page.sightBox(row);
    if (sight) node.insertBefore(sight, list);
    if (key === 'proposed' && page.markForm) {
      const form = page.markForm(row);
      if (form) node.appendChild(form);
    }
    return node;
  }

  function open(key, row, where, isStill) {
    if (!BODIES[key]) return;
    const get = page.getter(key, row);
    const point = page.layers[key].spec.kind === 'points' ? L.latLng(get('lat'), get('lon')) : where;
    page.state.selected = { key: key, row: row };
    show(content(key, row));
    if (key === 'proposed') {
      page.setRing({
        lat: point.lat, lng: point.lng, radius: get('search_radius_m') || 0, buffer: get('cell_radius_m') || 0,
        rank: get('rank')
      });
    } else page.setRing(page.layers[key].spec.kind === 'points' ? { lat: point.lat, lng: point.lng } : null);
    if (!isStill) bring(point);
    page.emit('select');
  }

  /* Into the part of the map that panels and card leave. */
  function bring(point) {
    const free = page.room();
    page.map.panInside(point, {
      animate: false, paddingTopLeft: [free[0] + 30, free[1] + 30], paddingBottomRight: [free[2] + 30, free[3] + 30]
    });
  }

  let card = null;

  function show(node) {
    if (!card) {
      card = make('section', 'sp-panel sp-card');
      card.setAttribute('aria-label', word('card'));
      document.querySelector('.sp-frame').appendChild(card);
    }
    card.textContent = '';
    const close = page.text.button('sp-close', '×', closeCard);
    close.setAttribute('aria-label', word('close'));
    card.appendChild(close);
    card.appendChild(node);
    card.scrollTop = 0;
    document.querySelector('.sp-frame').classList.add('sp-carded');
  }

  function closeCard() {
    if (!card) return;
    card.parentNode.removeChild(card);
    card = null;
    document.querySelector('.sp-frame').classList.remove('sp-carded');
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
    page.state.selected = null;
    show(node);
    page.setRing({ lat: at.lat, lng: at.lng });
    bring(at);
  }

  /* A place where people live below the target: how far below, and the villages next to it. */
  function gapHere(latlng) {
    const found = page.classAt(latlng);
    if (page.state.question !== 'S0' || !found.lived || !found.shown || found.shown >= found.needed) return false;
    const node = make('div', 'sp-popup');
    node.appendChild(make('h3', '', word('gap_here')));
    const tones = page.settings.tones;
    node.appendChild(make('p', '', word('probability', { share: tones.covered[found.shown - 1].label })));
    const list = make('dl');
    line(list, 'nearest_villages', nearestVillages(latlng, 3));
    node.appendChild(list);
    if (!page.settings.edition.snapped) node.appendChild(coordinates(latlng.lng, latlng.lat, shifted(latlng.lng, latlng.lat), ''));
    page.state.selected = null;
    show(node);
    page.setRing({ lat: latlng.lat, lng: latlng.lng });
    return true;
  }

  function nearestVillages(latlng, count) {
    const each = page.layers.villages;
    if (!each || !each.spec.n) return null;
    const rows = Array.from({ length: each.spec.n }, function (_, row) {
      return [page.geo.distance(latlng, { lat: each.read(row, 'lat'), lng: each.read(row, 'lon') }), row];
    }).sort(function (a, b) { return a[0] - b[0]; });
    const node = make('span');
    rows.slice(0, count).forEach(function (pair) {
      const text = page.text.label(page.name('villages', pair[1]), 14) + ' ' + page.lengthText(pair[0]);
      node.appendChild(page.text.button('sp-link', text, function () { go('villages', pair[1]); }));
    });
    return node;
  }

  // ---- going to a thing --------------------------------------------------------------------------------------
  function go(key, row) {
    const get = page.getter(key, row);
    const point = L.latLng(get('lat'), get('lon'));
    if (page.endMove) page.endMove();
    const own = page.state.filters.county;
    if (own && get('county') !== null && get('county') !== own) page.setFilter('county', null);
    if (key === 'proposed' && page.state.moment === 'today') {
      page.setMoment('change');
      page.hint(word('to_change'));
    }
    page.show(key, true);
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
      else if (!gapHere(event.latlng)) closeCard();
    });
    map.on('contextmenu', here);
    page.on('marks', function () {
      if (!card || !page.state.selected || page.state.selected.key !== 'proposed') return;
      const row = page.state.selected.row;
      [['.sp-standing', standing(row)], ['.sp-places', places('proposed', row, getter('proposed', row))]].forEach(function (pair) {
        const old = card.querySelector(pair[0]);
        if (old) old.parentNode.replaceChild(pair[1], old);
      });
    });
    map.on('mousemove', L.Util.throttle(function (event) {
      const over = !(page.busy && page.busy()) && page.hit(event.layerPoint, reach);
      map.getContainer().style.cursor = over ? 'pointer' : '';
    }, 60));
  }

  Object.assign(page, {
    open: open, go: go, find: find, locate: locate, chip: chip, copy: copy, listen: listen, closeCard: closeCard,
    cardHeight: function () { return card ? card.offsetHeight : 0; }, cardWidth: function () { return card ? card.offsetWidth : 0; }
  });
}(window.siteplan));
