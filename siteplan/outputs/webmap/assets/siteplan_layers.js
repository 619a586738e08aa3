/* The drawn layers: base map, zones, gaps, points with their ranks, and names.
 *
 * What is not yet built at the step of the slider is drawn pale and hollow, and
 * villages show the state of that step, so the map and the numbers always speak of the same step. */
(function (page) {
  'use strict';

  const ORDER = ['zones', 'gaps', 'counties', 'properties', 'others', 'sites', 'villages', 'proposed'];
  const HIT_ORDER = ['proposed', 'villages', 'sites', 'others', 'properties', 'gaps', 'zones'];
  const FONT = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
  const LINES = {
    village: { zoom: 10.5, color: '#a9a99c', width: 0.7, dash: [2, 3] },
    town: { zoom: 9, color: '#8d8d84', width: 0.9, dash: [5, 3] },
    road3: { zoom: 12, color: '#ffffff', width: 1, rim: '#b9b3a4', far: '#ddd8c8' },
    road2: { zoom: 11, color: '#ffffff', width: 1.6, rim: '#b9b3a4', far: '#ddd8c8' },
    road1: { zoom: 9, color: '#fff4cf', width: 1.8, rim: '#b8a878', far: '#f0deaa' },
    road0: { zoom: 0, color: '#ffe3a0', width: 2.4, rim: '#b0924d', far: '#f2cf80' },
    moved: { zoom: 0, color: '#1b1b1b', width: 2 }
  };
  const RIM_ZOOM = 12.5;
  const LABELLED = 20;
  const LABEL_ZOOM = 11;
  const base = { lines: {}, towns: null };
  let sheet = null;
  let ring = null;
  let mask = null;

  // ---- reading -------------------------------------------------------------------------------------
  function begin(map, settings) {
    page.map = map;
    page.settings = settings;
    map.setMinZoom(6);
    map.fitBounds(settings.bounds, { animate: false });
    map.createPane('siteplanPictures').style.zIndex = 250;
    map.createPane('siteplanSheet').style.zIndex = 450;
    page.pictureSheet = new page.draw.Sheet('siteplanPictures', function (pen, view) {
      page.paintPictures(pen, view);
    });
    sheet = new page.draw.Sheet('siteplanSheet', paint);
    page.sheet = sheet;
  }

  function baseMap(spec) {
    Object.keys(spec.lines).forEach(function (kind) {
      base.lines[kind] = spec.lines[kind].map(function (steps) { return page.draw.line(steps, spec.per_degree[kind]); });
    });
    base.towns = spec.labels;
  }

  function layer(spec) {
    const each = { spec: spec, read: page.table(spec), shown: Boolean(spec.show), pass: new Uint8Array(spec.n).fill(1) };
    if (spec.kind === 'points') place(each);
    page.layers[spec.key] = each;
    page.counts[spec.key] = spec.n;
  }

  /* Outlines are worked out when they are first shown. */
  function shapesOf(each) {
    if (!each.shapes) {
      const spec = each.spec;
      each.shapes = spec.shapes.map(function (polygons) {
        return polygons.map(function (rings) {
          return rings.map(function (steps) { return page.draw.line(steps, spec.per_degree); });
        });
      });
    }
    return each.shapes;
  }

  function place(each) {
    const n = each.spec.n;
    each.x = new Float64Array(n);
    each.y = new Float64Array(n);
    for (let row = 0; row < n; row += 1) {
      each.x[row] = page.geo.x(each.read(row, 'lon'));
      each.y[row] = page.geo.y(each.read(row, 'lat'));
    }
  }

  function show(key, on) {
    const each = page.layers[key];
    if (!each || each.shown === on) return;
    each.shown = on;
    sheet.later();
    page.emit('layers');
  }

  // ---- painting --------------------------------------------------------------------------------------
  function growth(zoom) {
    if (zoom >= 14) return 2.1;
    return Math.max(0.6, 0.78 + (zoom - 8.5) * 0.24);
  }

  function paint(pen, view) {
    pen.lineJoin = 'round';
    if (page.state.base) paintBase(pen, view);
    if (mask) paintMask(pen, view);
    ORDER.forEach(function (key) {
      const each = page.layers[key];
      if (!each || !each.shown) return;
      if (each.spec.kind === 'polygons') paintShapes(pen, view, each);
      else if (key === 'proposed') paintProposed(pen, view, each);
      else paintPoints(pen, view, each);
    });
    if (ring) paintRing(pen, view);
    if (page.paintMarks) page.paintMarks(pen, view);
    paintNames(pen, view);
  }

  function paintBase(pen, view) {
    pen.lineJoin = 'bevel';
    Object.keys(LINES).forEach(function (kind) {
      const look = LINES[kind];
      if (!base.lines[kind] || view.zoom < look.zoom) return;
      const width = look.width * Math.max(0.6, Math.min(2.2, (view.zoom - 7) / 4));
      pen.beginPath();
      base.lines[kind].forEach(function (each) {
        if (page.draw.isSeen(each.box, view)) page.draw.trace(pen, each.points, view, false);
      });
      pen.setLineDash(look.dash || []);
      if (look.rim && view.zoom >= RIM_ZOOM) {
        pen.strokeStyle = look.rim;
        pen.lineWidth = width + 1.2;
        pen.stroke();
      }
      pen.strokeStyle = look.rim && view.zoom < RIM_ZOOM ? look.far : look.color;
      pen.lineWidth = width;
      pen.stroke();
    });
    pen.setLineDash([]);
    pen.lineJoin = 'round';
  }

  function paintShapes(pen, view, each) {
    shapesOf(each).forEach(function (polygons, row) {
      if (!each.pass[row] || !polygons.length) return;
      const look = each.spec.classes[each.spec.columns['class'][row]];
      let drawn = false;
      pen.beginPath();
      polygons.forEach(function (rings) {
        if (!page.draw.isSeen(rings[0].box, view)) return;
        drawn = true;
        rings.forEach(function (one) { page.draw.trace(pen, one.points, view, true); });
      });
      if (!drawn) return;
      if (look.opacity > 0) {
        pen.globalAlpha = look.opacity;
        pen.fillStyle = look.fill;
        pen.fill('evenodd');
      }
      pen.globalAlpha = 0.9;
      pen.strokeStyle = look.line;
      pen.lineWidth = look.width;
      pen.stroke();
    });
    pen.globalAlpha = 1;
  }

  /* Class of a row at the step of the slider: a village that is not reached yet still falls short. */
  function classOf(each, row) {
    if (each.spec.key !== 'villages') return each.spec.columns['class'][row];
    const rank = each.read(row, 'reached_rank');
    if (!rank || page.isBuilt(rank)) return each.spec.columns['class'][row];
    return each.spec.classes.findIndex(function (look) { return look.value === 'uncovered'; });
  }

  function paintPoints(pen, view, each) {
    const grow = growth(view.zoom);
    const rows = each.spec.classes.map(function () { return []; });
    for (let row = 0; row < each.spec.n; row += 1) {
      if (!each.pass[row]) continue;
      if (each.x[row] < view.west || each.x[row] > view.east || each.y[row] < view.north || each.y[row] > view.south) continue;
      rows[classOf(each, row)].push(row);
    }
    each.spec.classes.forEach(function (look, number) {
      if (!rows[number].length) return;
      const radius = look.size * grow;
      pen.beginPath();
      rows[number].forEach(function (row) {
        const x = each.x[row] * view.scale - view.ox;
        const y = each.y[row] * view.scale - view.oy;
        pen.moveTo(x + radius, y);
        pen.arc(x, y, radius, 0, 2 * Math.PI);
      });
      pen.fillStyle = look.fill;
      pen.fill();
      pen.strokeStyle = look.line;
      pen.lineWidth = look.width;
      pen.stroke();
    });
  }

  function ink(colour) {
    const parts = [1, 3, 5].map(function (at) { return parseInt(colour.substr(at, 2), 16); });
    return parts[0] * 0.3 + parts[1] * 0.59 + parts[2] * 0.11 > 140 ? '#1b1b1b' : '#ffffff';
  }

  function isLabelled(rank, zoom) {
    return rank <= LABELLED || zoom >= LABEL_ZOOM;
  }

  function radiusOf(rank, look, view) {
    const radius = look.size * growth(view.zoom);
    return isLabelled(rank, view.zoom) && page.isBuilt(rank) ? Math.max(radius, 9) : radius;
  }

  function paintProposed(pen, view, each) {
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    for (let row = 0; row < each.spec.n; row += 1) {
      if (!each.pass[row]) continue;
      if (each.x[row] < view.west || each.x[row] > view.east || each.y[row] < view.north || each.y[row] > view.south) continue;
      paintOne(pen, view, each, row);
    }
    pen.globalAlpha = 1;
  }

  function paintOne(pen, view, each, row) {
    const rank = each.read(row, 'rank');
    const look = each.spec.classes[each.spec.columns['class'][row]];
    const built = page.isBuilt(rank);
    const radius = radiusOf(rank, look, view);
    const x = each.x[row] * view.scale - view.ox;
    const y = each.y[row] * view.scale - view.oy;
    pen.globalAlpha = built ? 0.97 : 0.55;
    pen.beginPath();
    pen.arc(x, y, built ? radius : radius * 0.75, 0, 2 * Math.PI);
    pen.fillStyle = built ? look.fill : '#ffffff';
    pen.fill();
    pen.lineWidth = look.width;
    pen.strokeStyle = built ? look.line : look.fill;
    pen.stroke();
    if (!built || !isLabelled(rank, view.zoom)) return;
    pen.globalAlpha = 1;
    pen.fillStyle = ink(look.fill);
    const sign = each.read(row, 'mark') || String(rank);
    pen.font = 'bold ' + Math.round(radius * (sign.length > 2 ? 0.95 : 1.15)) + 'px sans-serif';
    pen.fillText(sign, x, y + 0.5);
  }

  // ---- names -------------------------------------------------------------------------------------------
  function look(size, weight, color, more) {
    return Object.assign({ size: size, font: weight + ' ' + size + 'px ' + FONT, color: color }, more || {});
  }

  const COUNTY = look(15, '600', '#2c343c');
  const TOWN = look(12.5, '500', '#474d53', { gap: 3 });
  const VILLAGE = look(11.5, '400', '#3f4a44', { gap: 6, beside: true });
  const PLACE = look(12, '600', '#123a5e', { gap: 11, beside: true });

  function paintNames(pen, view) {
    if (!page.state.base) return;
    const taken = new page.draw.Taken();
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.strokeStyle = 'rgba(255, 255, 255, .88)';
    pen.lineWidth = 3;
    reserve(taken, view);
    if (page.layers.counties) {
      const each = page.layers.counties;
      for (let row = 0; row < each.spec.n; row += 1) {
        write(pen, view, taken, COUNTY, each.read(row, 'county'), each.read(row, 'x'), each.read(row, 'y'));
      }
    }
    if (view.zoom >= 9.5 && base.towns) townNames(pen, view, taken);
    if (view.zoom >= 13) pointNames(pen, view, taken, 'proposed', PLACE, function () { return true; });
    if (view.zoom >= 12) pointNames(pen, view, taken, 'villages', VILLAGE, function () { return true; });
    else if (view.zoom >= 10.5) {
      pointNames(pen, view, taken, 'villages', VILLAGE, function (read, row) { return read(row, 'reached_rank') > 0; });
    }
  }

  /* Ranks keep their room: no name is written over them. */
  function reserve(taken, view) {
    const each = page.layers.proposed;
    if (!each || !each.shown) return;
    for (let row = 0; row < each.spec.n; row += 1) {
      const rank = each.read(row, 'rank');
      if (!each.pass[row] || !isLabelled(rank, view.zoom)) continue;
      const x = each.x[row] * view.scale - view.ox;
      const y = each.y[row] * view.scale - view.oy;
      const radius = radiusOf(rank, each.spec.classes[0], view);
      taken.add([x - radius, y - radius, x + radius, y + radius]);
    }
  }

  function write(pen, view, taken, how, text, longitude, latitude) {
    if (!text) return;
    const wx = page.geo.x(longitude);
    const wy = page.geo.y(latitude);
    if (wx < view.west || wx > view.east || wy < view.north || wy > view.south) return;
    pen.fillStyle = how.color;
    page.draw.writeName(pen, taken, page.text.label(text), wx * view.scale - view.ox, wy * view.scale - view.oy, how);
  }

  function townNames(pen, view, taken) {
    const read = page.table(base.towns);
    for (let row = 0; row < base.towns.n; row += 1) {
      write(pen, view, taken, TOWN, read(row, 'town'), read(row, 'lon'), read(row, 'lat'));
    }
  }

  function pointNames(pen, view, taken, key, how, wanted) {
    const each = page.layers[key];
    if (!each || !each.shown) return;
    for (let row = each.spec.n - 1; row >= 0; row -= 1) {
      if (!each.pass[row] || !wanted(each.read, row)) continue;
      write(pen, view, taken, how, page.name(key, row), each.read(row, 'lon'), each.read(row, 'lat'));
    }
  }

  // ---- ring and footprint of the selected place --------------------------------------------------------
  /* The search ring (dashed) and where the propagation buffer ends (thin line), both in metres. */
  function paintRing(pen, view) {
    const x = page.geo.x(ring.lng) * view.scale - view.ox;
    const y = page.geo.y(ring.lat) * view.scale - view.oy;
    const perMetre = view.scale / page.geo.metres(ring.lat);
    if (ring.buffer > 0) {
      circle(pen, x, y, ring.buffer * perMetre, '#0b4f8a', 1.2, []);
    }
    if (ring.radius > 0) {
      pen.fillStyle = 'rgba(255, 255, 255, .25)';
      circle(pen, x, y, ring.radius * perMetre, '#1b1b1b', 1.6, [6, 4]);
      pen.fill();
    }
    circle(pen, x, y, 14, '#111111', 2.5, []);
  }

  function circle(pen, x, y, radius, color, width, dash) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.setLineDash(dash);
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.stroke();
    pen.setLineDash([]);
  }

  function setRing(value) {
    ring = value;
    mask = null;
    if (ring && ring.rank && page.footprintOf) {
      page.footprintOf(ring.rank, function (found) {
        if (ring === value) mask = found;
        sheet.later();
      });
    }
    sheet.later();
  }

  function paintMask(pen, view) {
    pen.globalAlpha = page.settings.footprint.alpha;
    pen.imageSmoothingEnabled = false;
    page.draw.picture(pen, mask.image, mask.bounds, view);
    pen.globalAlpha = 1;
  }

  // ---- what lies under the pointer ---------------------------------------------------------------------
  function hit(point, reach) {
    const map = page.map;
    const view = page.draw.frame(map, L.bounds(point, point));
    for (let i = 0; i < HIT_ORDER.length; i += 1) {
      const each = page.layers[HIT_ORDER[i]];
      if (!each || !each.shown) continue;
      const row = each.spec.kind === 'polygons' ? hitShape(each, view) : hitPoint(each, view, point, reach);
      if (row >= 0) return [HIT_ORDER[i], row];
    }
    return null;
  }

  function hitPoint(each, view, point, reach) {
    let best = -1;
    let nearest = Infinity;
    const grow = growth(view.zoom);
    for (let row = 0; row < each.spec.n; row += 1) {
      if (!each.pass[row]) continue;
      const dx = each.x[row] * view.scale - view.ox - point.x;
      const dy = each.y[row] * view.scale - view.oy - point.y;
      const distance = Math.sqrt(dx * dx + dy * dy);
      const size = each.spec.key === 'proposed' ?
        radiusOf(each.read(row, 'rank'), each.spec.classes[0], view) :
        each.spec.classes[each.spec.columns['class'][row]].size * grow;
      if (distance > size + reach || distance > nearest) continue;
      nearest = distance;
      best = row;
    }
    return best;
  }

  function hitShape(each, view) {
    const shapes = shapesOf(each);
    for (let row = each.spec.n - 1; row >= 0; row -= 1) {
      if (!each.pass[row] || !shapes[row].length) continue;
      const near = shapes[row].some(function (rings) { return page.draw.isSeen(rings[0].box, view); });
      if (near && page.draw.isInside(shapes[row], view.west, view.north)) return row;
    }
    return -1;
  }

  function begun() {
    page.pictureSheet.addTo(page.map);
    sheet.addTo(page.map);
    const again = function () { sheet.later(); };
    ['filter', 'built', 'marks', 'base'].forEach(function (event) { page.on(event, again); });
  }

  page.begin = begin;
  page.baseMap = baseMap;
  page.layer = layer;
  page.show = show;
  page.setRing = setRing;
  page.hit = hit;
  page.ink = ink;
  page.growth = growth;
  page.drawLayers = begun;
}(window.siteplan));
