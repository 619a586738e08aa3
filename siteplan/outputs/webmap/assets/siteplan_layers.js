/* The drawn layers: base map, zones, gaps, points with their ranks, and names.
 *
 * What is not yet built at the step of the slider is drawn pale and hollow, and villages show the state of that
 * step and moment, so the map and the numbers always speak of the same plan. From afar villages are counts
 * beside the names of counties and towns, and of the ranks only those have a number that hide no better one. */
(function (page) {
  'use strict';

  const ORDER = ['zones', 'gaps', 'stretches', 'counties', 'properties', 'others', 'sites', 'villages', 'proposed'];
  const HIT_ORDER = ['proposed', 'villages', 'sites', 'others', 'properties', 'stretches', 'gaps', 'zones'];
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
  const ALL_PINS_ZOOM = 14.5;
  const ALL_PINS_FAR = 11;
  const FIRST = 20;
  const TOWN_ZOOM = 9.5;
  const VILLAGE_ZOOM = 11;
  const SITE_ZOOM = 10;
  const PIN = 9.5;
  const DOT = 3.2;
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
    const classes = spec.columns['class'];
    if (!Array.isArray(classes)) spec.columns['class'] = page.columnCodes(classes).map(function (code) { return classes.values[code]; });
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
    paintWatermark(pen);
    if (mask) paintMask(pen, view);
    paintOutside(pen, view);
    if (page.state.swipe !== null && page.serviceOf(page.state.question) >= 0) paintHalves(pen, view);
    else paintThings(pen, view);
  }

  /* Left of the bar what is there today, right of it the plan: places, villages and counts as well as colours. */
  function paintHalves(pen, view) {
    const at = page.map.containerPointToLayerPoint([page.map.getSize().x * page.state.swipe, 0]).x;
    const b = view.bounds;
    const kept = page.state.moment;
    [[b.min.x, at, 'today'], [at, b.max.x, kept === 'today' ? 'plan' : kept]].forEach(function (half) {
      pen.save();
      pen.beginPath();
      pen.rect(half[0], b.min.y, half[1] - half[0], b.max.y - b.min.y);
      pen.clip();
      page.state.moment = half[2];
      counted = null;
      paintThings(pen, view);
      pen.restore();
    });
    page.state.moment = kept;
    counted = null;
  }

  function paintThings(pen, view) {
    ORDER.forEach(function (key) {
      const each = page.layers[key];
      if (!each || !each.shown) return;
      if (each.spec.kind === 'polygons') paintShapes(pen, view, each);
      else if (key === 'proposed') paintProposed(pen, view, each);
      else paintPoints(pen, view, each);
    });
    if (page.state.question === 'by_site') paintServed(pen, view);
    if (ring) paintRing(pen, view);
    if (page.paintMarks) page.paintMarks(pen, view);
    paintNames(pen, view);
  }

  /* Whom the map is made out to, under everything that is to be read. */
  function paintWatermark(pen) {
    const lines = page.settings.edition.watermark;
    if (!lines.length) return;
    const size = page.map.getSize();
    const from = page.map.containerPointToLayerPoint([0, 0]);
    pen.save();
    pen.textAlign = 'center';
    pen.fillStyle = 'rgba(40, 46, 54, .16)';
    pen.font = '600 19px ' + FONT;
    for (let row = 0; row < 4; row += 1) {
      for (let column = 0; column < 3; column += 1) {
        pen.save();
        pen.translate(from.x + (column + 0.5) * size.x / 3, from.y + (row + 0.5) * size.y / 4);
        pen.rotate(-Math.PI * 24 / 180);
        lines.forEach(function (text, k) { pen.fillText(page.text.label(text, 40), 0, k * 25); });
        pen.restore();
      }
    }
    pen.restore();
  }

  /* Other counties step back while one is looked at. */
  function paintOutside(pen, view) {
    const each = page.layers.counties;
    const own = page.state.filters.county;
    if (!each || !own) return;
    const b = view.bounds;
    pen.beginPath();
    pen.rect(b.min.x, b.min.y, b.max.x - b.min.x, b.max.y - b.min.y);
    shapesOf(each).forEach(function (polygons, row) {
      if (each.read(row, 'county') !== own) return;
      polygons.forEach(function (rings) { rings.forEach(function (one) { page.draw.trace(pen, one.points, view, true); }); });
    });
    pen.fillStyle = 'rgba(236, 238, 233, .72)';
    pen.fill('evenodd');
  }

  /* A line from every village to the site that serves it once the plan is built. */
  function paintServed(pen, view) {
    const each = page.layers.villages;
    if (!each || !each.spec.columns.serving_site_after) return;
    [[false, 'rgba(60, 71, 84, .45)', 0.8], [true, page.settings.tones.new.fill, 1.4]].forEach(function (kind) {
      pen.beginPath();
      for (let row = 0; row < each.spec.n; row += 1) {
        const found = each.pass[row] && page.locate(each.read(row, 'serving_site_after'));
        if (!found || (found[0] === 'proposed') !== kind[0]) continue;
        if (kind[0] && !page.isBuilt(page.layers.proposed.read(found[1], 'rank'))) continue;
        const site = page.layers[found[0]];
        pen.moveTo(each.x[row] * view.scale - view.ox, each.y[row] * view.scale - view.oy);
        pen.lineTo(site.x[found[1]] * view.scale - view.ox, site.y[found[1]] * view.scale - view.oy);
      }
      pen.strokeStyle = kind[1];
      pen.lineWidth = kind[2];
      pen.stroke();
    });
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

  /* Class of a row at the moment and step: a village that is not reached yet still falls short. */
  function classOf(each, row) {
    if (each.spec.key !== 'villages') return each.spec.columns['class'][row];
    const rank = each.read(row, 'reached_rank');
    if (!rank || (page.state.moment !== 'today' && page.isBuilt(rank))) return each.spec.columns['class'][row];
    return each.spec.classes.findIndex(function (look) { return look.value === 'uncovered'; });
  }

  /* Whether points of a class are drawn at a zoom: from afar counts and a few say more than dots. */
  function isDrawn(key, look, zoom) {
    if (page.settings.counties.length < 2) return true;
    if (key === 'sites') return zoom >= SITE_ZOOM;
    if (key !== 'villages') return true;
    return zoom >= (look.value === 'covered' ? VILLAGE_ZOOM : TOWN_ZOOM);
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
      if (!rows[number].length || !isDrawn(each.spec.key, look, view.zoom)) return;
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

  // ---- ranked places -----------------------------------------------------------------------------------
  /* Look of a ranked place: by what it is for, or by where it comes from. */
  function lookOf(row) {
    const spec = page.layers.proposed.spec;
    if (page.state.pins === 'source' && spec.source_classes) return spec.source_classes[spec.columns.source_class[row]];
    return spec.classes[spec.columns['class'][row]];
  }

  /* What stands on a pin: its rank, or the sign of its change. */
  function signOf(row) {
    return page.layers.proposed.read(row, 'mark') || String(page.rankOf(row));
  }

  function pinRadius(view) {
    return PIN * Math.min(1.25, Math.max(1, growth(view.zoom)));
  }

  let numbered = null;
  let numberedAt = '';

  /* Rows with a number on their pin: the better rank first, each where no pin stands yet. */
  function pins(view) {
    const at = [view.zoom, page.state.built, page.state.moment].join(' ');
    if (numbered && numberedAt === at) return numbered;
    numberedAt = at;
    numbered = new Set();
    const each = page.layers.proposed;
    const taken = new page.draw.Taken();
    const apart = Math.max(1, Math.min(12, (ALL_PINS_FAR - view.zoom) * 5));
    page.ordered().forEach(function (row) {
      const rank = each.read(row, 'rank');
      if (!page.isBuilt(rank)) return;
      const radius = pinRadius(view) + (page.rankOf(row) <= FIRST ? 1 : apart);
      const x = each.x[row] * view.scale;
      const y = each.y[row] * view.scale;
      const box = [x - radius, y - radius, x + radius, y + radius];
      if (view.zoom < ALL_PINS_ZOOM && !taken.isFree(box)) return;
      taken.add(box);
      numbered.add(row);
    });
    return numbered;
  }

  function radiusOf(row, view) {
    if (pins(view).has(row)) return pinRadius(view);
    return DOT * Math.max(0.8, growth(view.zoom));
  }

  /* Today knows no place of the plan. */
  function hasPlaces() {
    return page.state.moment !== 'today' || !page.settings.steps.rank.length;
  }

  function paintProposed(pen, view, each) {
    if (!hasPlaces()) return;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    const shown = pins(view);
    [false, true].forEach(function (isPin) {
      for (let row = 0; row < each.spec.n; row += 1) {
        if (!each.pass[row] || shown.has(row) !== isPin) continue;
        if (each.x[row] < view.west || each.x[row] > view.east || each.y[row] < view.north || each.y[row] > view.south) continue;
        paintOne(pen, view, each, row, isPin);
      }
    });
    pen.globalAlpha = 1;
  }

  function paintOne(pen, view, each, row, isPin) {
    const look = lookOf(row);
    const built = page.isBuilt(each.read(row, 'rank'));
    const radius = radiusOf(row, view);
    const x = each.x[row] * view.scale - view.ox;
    const y = each.y[row] * view.scale - view.oy;
    pen.globalAlpha = built ? 1 : 0.6;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = built ? look.fill : '#ffffff';
    pen.fill();
    pen.lineWidth = isPin ? look.width : 1;
    pen.strokeStyle = built ? look.line : look.fill;
    pen.stroke();
    if (!isPin) return;
    pen.fillStyle = ink(look.fill);
    const sign = signOf(row);
    pen.font = 'bold ' + Math.round(radius * (sign.length > 2 ? 0.95 : 1.15)) + 'px sans-serif';
    pen.fillText(sign, x, y + 0.5);
  }

  // ---- names -------------------------------------------------------------------------------------------
  function look(size, weight, color, more) {
    const small = '600 ' + Math.round(size * 0.86) + 'px ' + FONT;
    return Object.assign({ size: size, font: weight + ' ' + size + 'px ' + FONT, small: small, color: color }, more || {});
  }

  const COUNTY = look(15, '600', '#2c343c', { wide: true });
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
    const onPins = new page.draw.Taken();
    reserve(taken, onPins, view);
    countyNames(pen, view, taken, onPins);
    if (view.zoom >= TOWN_ZOOM && base.towns) townNames(pen, view, taken);
    if (view.zoom >= 13 && hasPlaces()) pointNames(pen, view, taken, 'proposed', PLACE, function () { return true; });
    if (view.zoom >= 12) pointNames(pen, view, taken, 'villages', VILLAGE, function () { return true; });
    else if (view.zoom >= 10.5) {
      pointNames(pen, view, taken, 'villages', VILLAGE, function (read, row) { return read(row, 'reached_rank') > 0; });
    }
  }

  /* Ranks keep their room: no name is written over them. */
  function reserve(taken, onPins, view) {
    const each = page.layers.proposed;
    if (!each || !each.shown || !hasPlaces()) return;
    for (let row = 0; row < each.spec.n; row += 1) {
      if (!each.pass[row]) continue;
      const x = each.x[row] * view.scale - view.ox;
      const y = each.y[row] * view.scale - view.oy;
      const radius = radiusOf(row, view);
      const box = [x - radius, y - radius, x + radius, y + radius];
      taken.add(box);
      if (pins(view).has(row)) onPins.add(box);
    }
  }

  function write(pen, view, taken, how, text, longitude, latitude, below) {
    if (!text) return null;
    const wx = page.geo.x(longitude);
    const wy = page.geo.y(latitude);
    if (wx < view.west || wx > view.east || wy < view.north || wy > view.south) return null;
    pen.fillStyle = how.color;
    return page.draw.writeName(pen, taken, page.text.label(text), wx * view.scale - view.ox, wy * view.scale - view.oy, how, below);
  }

  /* A county's name stands inside it: where nothing is, else where only dots are. */
  function countyNames(pen, view, taken, onPins) {
    const each = page.layers.counties;
    if (!each) return;
    const shapes = shapesOf(each);
    for (let row = 0; row < each.spec.n; row += 1) {
      const county = each.read(row, 'county');
      if (page.state.filters.county && page.state.filters.county !== county) continue;
      const counts = view.zoom < VILLAGE_ZOOM ? countsOf(county, null) : null;
      const how = Object.assign({ isInside: function (x, y) {
        return page.draw.isInside(shapes[row], (x + view.ox) / view.scale, (y + view.oy) / view.scale);
      } }, COUNTY);
      const place = function (free) {
        return write(pen, view, free, how, county, each.read(row, 'x'), each.read(row, 'y'), counts);
      };
      const box = place(taken) || place(onPins);
      if (box) {
        taken.add(box);
        onPins.add(box);
      }
    }
  }

  function townNames(pen, view, taken) {
    const read = page.table(base.towns);
    const own = page.state.filters.county;
    for (let row = 0; row < base.towns.n; row += 1) {
      if (own && read(row, 'county') !== own) continue;
      const counts = view.zoom < VILLAGE_ZOOM ? countsOf(read(row, 'county'), read(row, 'town')) : null;
      write(pen, view, taken, TOWN, read(row, 'town'), read(row, 'lon'), read(row, 'lat'), counts);
    }
  }

  // ---- villages by county and town -----------------------------------------------------------------------
  let counted = null;

  /* Villages newly reached and still to be reached at the step and moment, by county and by town. */
  function countVillages() {
    const each = page.layers.villages;
    counted = new Map();
    if (!each || !each.shown) return;
    for (let row = 0; row < each.spec.n; row += 1) {
      const value = each.spec.classes[classOf(each, row)].value;
      const county = each.read(row, 'county');
      [county, county + '\n' + each.read(row, 'town')].forEach(function (key) {
        if (!counted.has(key)) counted.set(key, { newly: 0, uncovered: 0 });
        if (value === 'newly') counted.get(key).newly += 1;
        else if (value !== 'covered') counted.get(key).uncovered += 1;
      });
    }
  }

  function fillOf(value) {
    return page.layers.villages.spec.classes.find(function (look) { return look.value === value; }).fill;
  }

  function countsOf(county, town) {
    if (!counted) countVillages();
    const found = counted.get(town === null ? county : county + '\n' + town);
    if (!found) return null;
    const parts = [];
    if (found.newly) parts.push([page.text.word('villages_newly', { n: found.newly }), page.settings.tones.new.fill]);
    if (found.uncovered) parts.push([page.text.word('villages_left', { n: found.uncovered }), fillOf('uncovered')]);
    return parts.length ? parts : null;
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

  /* One place's own reach, hatched, so that the colours below stay what they are. */
  function paintMask(pen, view) {
    const size = view.bounds.getSize();
    const layer = document.createElement('canvas');
    layer.width = Math.ceil(size.x);
    layer.height = Math.ceil(size.y);
    const own = layer.getContext('2d');
    own.imageSmoothingEnabled = false;
    own.translate(-view.bounds.min.x, -view.bounds.min.y);
    page.draw.picture(own, mask.image, mask.bounds, view);
    own.setTransform(1, 0, 0, 1, 0, 0);
    own.globalCompositeOperation = 'source-in';
    own.fillStyle = hatch();
    own.fillRect(0, 0, layer.width, layer.height);
    pen.drawImage(layer, view.bounds.min.x, view.bounds.min.y, layer.width, layer.height);
  }

  let hatched = null;

  function hatch() {
    if (hatched) return hatched;
    const tile = document.createElement('canvas');
    tile.width = 8;
    tile.height = 8;
    const pen = tile.getContext('2d');
    pen.fillStyle = 'rgba(91, 42, 134, .10)';
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = page.settings.tones.footprint.fill;
    pen.lineWidth = 1.6;
    pen.beginPath();
    [[-2, 2, 2, -2], [0, 8, 8, 0], [6, 10, 10, 6]].forEach(function (line) {
      pen.moveTo(line[0], line[1]);
      pen.lineTo(line[2], line[3]);
    });
    pen.stroke();
    hatched = pen.createPattern(tile, 'repeat');
    return hatched;
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
    let onPin = false;
    const grow = growth(view.zoom);
    const isRanked = each.spec.key === 'proposed';
    if (isRanked && !hasPlaces()) return -1;
    const shown = isRanked ? pins(view) : null;
    for (let row = 0; row < each.spec.n; row += 1) {
      if (!each.pass[row]) continue;
      const dx = each.x[row] * view.scale - view.ox - point.x;
      const dy = each.y[row] * view.scale - view.oy - point.y;
      const distance = Math.sqrt(dx * dx + dy * dy);
      const look = isRanked ? null : each.spec.classes[classOf(each, row)];
      if (look && !isDrawn(each.spec.key, look, view.zoom)) continue;
      const size = isRanked ? radiusOf(row, view) : look.size * grow;
      // a pin lies on top of the dots below it, however near their middles are
      const isPin = shown !== null && shown.has(row) && distance <= size;
      if (distance > size + reach || (onPin && !isPin) || (distance > nearest && isPin === onPin)) continue;
      onPin = isPin;
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
    const forget = function () { numbered = null; counted = null; };
    ['filter', 'built', 'moment', 'pins', 'layers'].forEach(function (event) { page.on(event, forget); });
    ['filter', 'built', 'marks', 'base', 'moment', 'question', 'pins', 'swipe'].forEach(function (event) { page.on(event, again); });
    page.map.on('move', function () { if (page.state.swipe !== null) again(); });
  }

  page.begin = begin;
  page.baseMap = baseMap;
  page.layer = layer;
  page.show = show;
  page.setRing = setRing;
  page.hit = hit;
  page.ink = ink;
  page.lookOf = lookOf;
  page.villageCounts = countsOf;
  page.villageLook = function (row) { return page.layers.villages.spec.classes[classOf(page.layers.villages, row)]; };
  page.signOf = signOf;
  page.numberedPins = function () { return pins(page.draw.frame(page.map, page.map.getPixelBounds())); };
  page.growth = growth;
  page.drawLayers = begun;
}(window.siteplan));
