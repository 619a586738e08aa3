/* Relief and coverage: read back from the embedded pictures, coloured here, painted under the lines.
 *
 * A map answers one question (who has a service, by which site, where plans overlap, what terrain takes, what is
 * in doubt) at one moment (today, planned, what changes). One picture holds the classes of the first service
 * before and after, another the rank that changes a pixel: its coverage at any step of the slider is worked out
 * from these two. Whether a pixel reaches the target is exact at every step; below the target its final class
 * is shown from its last noticeable rank. Other services know the plan as a whole. */
(function (page) {
  'use strict';

  const NEEDED = 4;
  const INHABITED = 128;
  const ASKED = 3;
  let given = null;
  let relief = null;
  let codes = null;
  let changing = null;
  let ranks = null;
  let overlap = null;
  const services = [];
  const painted = new Map();

  function pictures(data) {
    given = data;
  }

  // ---- reading -----------------------------------------------------------------------------------------
  function load(uri) {
    return new Promise(function (resolve, reject) {
      const image = new Image();
      image.onload = function () { resolve(image); };
      image.onerror = function () { reject(new Error('picture')); };
      image.src = uri;
    });
  }

  function pixels(image) {
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }

  function greys(image) {
    const from = pixels(image);
    const words = new Uint32Array(from.data.buffer);
    const values = new Uint8Array(words.length);
    for (let i = 0; i < words.length; i += 1) values[i] = words[i] & 255;
    return { width: from.width, height: from.height, values: values };
  }

  function readRanks(image) {
    const words = new Uint32Array(pixels(image).data.buffer);
    let count = 0;
    for (let i = 0; i < words.length; i += 1) if (words[i] & 65535) count += 1;
    changing = new Uint32Array(count);
    ranks = new Uint16Array(count);
    for (let i = 0, k = 0; k < count; i += 1) {
      if (!(words[i] & 65535)) continue;
      changing[k] = i;
      ranks[k] = words[i] & 65535;
      k += 1;
    }
  }

  // ---- what a pixel is ---------------------------------------------------------------------------------
  function before(code) { return Math.floor((code & 127) / 18); }
  function after(code) { return Math.floor((code & 127) / 3) % 6; }
  function taken(code) { return (code & 127) % 3; }
  function isLived(code) { return code >= INHABITED; }

  // ---- colours -----------------------------------------------------------------------------------------
  function ink(look) {
    if (!look) return 0;
    const part = function (at) { return parseInt(look.fill.substr(at, 2), 16); };
    const alpha = Math.round(look.alpha * 255);
    return alpha ? (alpha << 24 | part(5) << 16 | part(3) << 8 | part(1)) >>> 0 : 0;
  }

  /* Colour of a pixel of the first service that was one class and is another; lived in or not. */
  function tone(was, is, lived, changes) {
    const tones = page.settings.tones;
    if (!is) return 0;
    if (is >= NEEDED && changes && was < NEEDED) return ink(lived ? tones.new : tones.new_empty);
    if (is < NEEDED && changes && was >= NEEDED) return ink(tones.lost);
    if (is < NEEDED && lived) return ink(is < NEEDED - 1 ? tones.gap : tones.gap_part);
    return ink(tones.covered[is - 1]);
  }

  function table(colour) {
    const found = new Uint32Array(256);
    for (let code = 0; code < 256; code += 1) found[code] = colour(code);
    return found;
  }

  const KINDS = {
    today: function (code) { return tone(before(code), before(code), isLived(code), false); },
    plan: function (code) { return tone(before(code), after(code), isLived(code), false); },
    change: function (code) { return tone(before(code), after(code), isLived(code), true); },
    terrain: function (code) {
      if (taken(code) === 2) return ink(page.settings.tones.terrain_taken);
      return taken(code) === 1 ? ink(page.settings.tones.covered[4]) : 0;
    },
    doubt: function (code) {
      const tones = page.settings.tones;
      if (!isLived(code) || after(code) < 3) return 0;
      return after(code) === 5 ? ink(tones.covered[4]) : ink(after(code) === 3 ? tones.doubt_below : tones.doubt_above);
    }
  };

  /* Colour of a pixel of another service: reached today, newly reached, or asked for in vain. */
  function serviceTone(code, moment) {
    const tones = page.settings.tones;
    const state = code % ASKED;
    const isReached = moment === 'today' ? state === 2 : state > 0;
    if (isReached && moment === 'change' && state === 1) return ink(code >= ASKED ? tones.new : tones.new_empty);
    if (isReached) return ink(tones.covered[4]);
    return code >= ASKED ? ink(tones.gap) : 0;
  }

  // ---- canvases ----------------------------------------------------------------------------------------
  function coloured(from, colours) {
    const canvas = document.createElement('canvas');
    canvas.width = from.width;
    canvas.height = from.height;
    const pen = canvas.getContext('2d');
    const image = pen.createImageData(from.width, from.height);
    const words = new Uint32Array(image.data.buffer);
    for (let i = 0; i < words.length; i += 1) words[i] = colours[from.values[i]];
    pen.putImageData(image, 0, 0);
    return { canvas: canvas, image: image, words: words };
  }

  function once(key, make) {
    if (!painted.has(key)) painted.set(key, make());
    return painted.get(key);
  }

  function steps() {
    return page.layers.proposed ? page.layers.proposed.spec.n : 0;
  }

  /* The first service at the step of the slider; the last step is the plan as a whole. */
  function first(moment) {
    const kind = KINDS[moment];
    if (moment === 'today' || moment === 'terrain' || moment === 'doubt') {
      return once(moment, function () { return coloured(codes, table(kind)); });
    }
    const all = steps();
    const step = ranks ? Math.min(page.state.built, all) : all;
    const made = once(moment, function () {
      return Object.assign(coloured(codes, table(kind)), { step: all, built: table(kind), open: table(KINDS.today) });
    });
    if (made.step !== step) advance(made, step);
    return made;
  }

  /* Pixels whose rank lies between the step shown and the step asked for change their colour. */
  function advance(made, step) {
    const low = Math.min(step, made.step);
    const high = Math.max(step, made.step);
    for (let k = 0; k < changing.length; k += 1) {
      if (ranks[k] <= low || ranks[k] > high) continue;
      made.words[changing[k]] = (ranks[k] <= step ? made.built : made.open)[codes.values[changing[k]]];
    }
    made.canvas.getContext('2d').putImageData(made.image, 0, 0);
    made.step = step;
  }

  /* Newly covered land by the site that brings it. */
  function bySite() {
    if (!ranks) return first('plan');
    const made = once('by_site', function () { return coloured(codes, table(KINDS.today)); });
    const colours = page.settings.tones.by_site.map(ink);
    const open = once('by_site_open', function () { return table(KINDS.today); });
    for (let k = 0; k < changing.length; k += 1) {
      const code = codes.values[changing[k]];
      const isNew = before(code) < NEEDED && after(code) >= NEEDED && ranks[k] <= page.state.built;
      made.words[changing[k]] = isNew ? colours[ranks[k] % colours.length] : open[code];
    }
    made.canvas.getContext('2d').putImageData(made.image, 0, 0);
    made.step = page.state.built;
    return made;
  }

  function service(number, moment) {
    if (!services[number]) return null;
    return once(number + moment, function () {
      return coloured(services[number], table(function (code) { return serviceTone(code, moment); }));
    });
  }

  /* How many of the chosen places reach a pixel alone. */
  function overlapPicture() {
    if (!overlap) return null;
    return once('overlap', function () {
      const looks = page.settings.tones.overlap.map(ink);
      return coloured(overlap, table(function (n) { return n ? looks[Math.min(n, looks.length) - 1] : 0; }));
    });
  }

  function countOverlap() {
    const have = given.footprints;
    const found = { width: codes.width, height: codes.height, values: new Uint8Array(codes.values.length) };
    const parts = have.mask.map(function (mask, k) {
      return mask ? load('data:image/png;base64,' + mask).then(function (image) { add(found, image, have.row[k], have.col[k]); }) : null;
    });
    return Promise.all(parts).then(function () { overlap = found; });
  }

  function add(found, image, row, col) {
    const part = pixels(image);
    for (let y = 0; y < part.height; y += 1) {
      for (let x = 0; x < part.width; x += 1) {
        const at = (row + y) * found.width + col + x;
        if (part.data[4 * (y * part.width + x) + 3] && found.values[at] < 255) found.values[at] += 1;
      }
    }
  }

  // ---- from afar ---------------------------------------------------------------------------------------
  /* A pixel much smaller than the screen's is lost between two of them. Seen from afar, a block of pixels shows
   * what matters most in it: what the plan brings to people, then where people go without. */
  const FAR = 1.6;
  const MOST = 8;

  function importance() {
    const tones = page.settings.tones;
    const found = new Map();
    [tones.new_empty, tones.doubt_above, tones.doubt_below, tones.terrain_taken, tones.gap_part, tones.gap, tones.lost, tones.new]
      .forEach(function (look, k) { found.set(ink(look), k + 1); });
    return found;
  }

  function general(made, key, factor) {
    const at = key + '/' + factor;
    const kept = painted.get(at);
    if (kept && kept.step === made.step) return kept.canvas;
    const ranked = importance();
    const width = Math.ceil(codes.width / factor);
    const height = Math.ceil(codes.height / factor);
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext('2d');
    const image = pen.createImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    const weights = new Uint8Array(width * height);
    for (let y = 0, i = 0; y < codes.height; y += 1) {
      const row = Math.floor(y / factor) * width;
      for (let x = 0; x < codes.width; x += 1, i += 1) {
        const word = made.words[i];
        if (!word) continue;
        const block = row + Math.floor(x / factor);
        const weight = (ranked.get(word) || 0) + 1;
        if (weight < weights[block]) continue;
        weights[block] = weight;
        words[block] = word;
      }
    }
    pen.putImageData(image, 0, 0);
    painted.set(at, { canvas: canvas, step: made.step });
    return canvas;
  }

  /* How many pixels make a block at the scale of a view; 1 for every pixel by itself. */
  function factorOf(view) {
    const b = given.coverage.bounds;
    const size = (page.geo.x(b[1][1]) - page.geo.x(b[0][1])) / codes.width * view.scale;
    return size >= FAR ? 1 : Math.min(MOST, Math.ceil(FAR / size));
  }

  // ---- which picture -----------------------------------------------------------------------------------
  /* Number of the service a question asks for; -1 for other questions. */
  function serviceOf(question) {
    const found = /^S(\d+)$/.exec(question);
    return found ? Number(found[1]) : -1;
  }

  function pictureOf(question, moment) {
    const number = serviceOf(question);
    if (number === 0) return first(moment);
    if (number > 0) return service(number, moment);
    if (question === 'by_site') return bySite();
    if (question === 'overlap') return overlapPicture();
    return question === 'off' ? null : first(question);
  }

  /* What a question still needs to be read. */
  function prepare(question) {
    const number = serviceOf(question);
    if (number > 0 && !services[number]) {
      return load(given.services[number]).then(function (image) { services[number] = greys(image); });
    }
    return question === 'overlap' && !overlap ? countOverlap() : Promise.resolve();
  }

  function hasQuestion(question) {
    const number = serviceOf(question);
    if (number >= 0) return number < page.settings.questions.length && (number === 0 || Boolean(given.services));
    if (question === 'terrain') return page.settings.hasTerrain;
    if (question === 'overlap') return page.settings.hasFootprints;
    if (question === 'by_site') return Boolean(given.ranks);
    return question === 'doubt' || question === 'off';
  }

  // ---- painting ----------------------------------------------------------------------------------------
  function paint(pen, view) {
    const hasRelief = relief && page.state.relief !== false;
    if (hasRelief) {
      pen.imageSmoothingEnabled = true;
      page.draw.picture(pen, relief, given.relief.bounds, view);
    }
    if (!codes) return;
    pen.imageSmoothingEnabled = false;
    pen.globalCompositeOperation = hasRelief ? 'multiply' : 'source-over';
    if (page.state.swipe !== null && serviceOf(page.state.question) >= 0) paintHalves(pen, view);
    else lay(pen, view, page.state.question, page.state.moment);
    pen.globalCompositeOperation = 'source-over';
  }

  function lay(pen, view, question, moment) {
    const made = pictureOf(question, moment);
    if (!made) return;
    const factor = factorOf(view);
    const image = factor > 1 ? general(made, question + moment, factor) : made.canvas;
    page.draw.picture(pen, image, factor > 1 ? reach(image, factor) : given.coverage.bounds, view);
  }

  /* Bounds of a picture of blocks, whose last ones may stick out. */
  function reach(image, factor) {
    const b = given.coverage.bounds;
    const left = page.geo.x(b[0][1]);
    const top = page.geo.y(b[1][0]);
    const right = left + (page.geo.x(b[1][1]) - left) * image.width * factor / codes.width;
    const bottom = top + (page.geo.y(b[0][0]) - top) * image.height * factor / codes.height;
    return [[latitude(bottom), b[0][1]], [b[1][0], right * 360 / 256 - 180]];
  }

  /* Today left of the bar; right of it the plan, or what changes. */
  function paintHalves(pen, view) {
    const map = page.map;
    const at = map.containerPointToLayerPoint([map.getSize().x * page.state.swipe, 0]).x;
    const b = view.bounds;
    const right = page.state.moment === 'today' ? 'plan' : page.state.moment;
    [[b.min.x, at, 'today'], [at, b.max.x, right]].forEach(function (half) {
      pen.save();
      pen.beginPath();
      pen.rect(half[0], b.min.y, half[1] - half[0], b.max.y - b.min.y);
      pen.clip();
      lay(pen, view, page.state.question, half[2]);
      pen.restore();
    });
  }

  // ---- one place's own footprint -----------------------------------------------------------------------
  function footprintOf(rank, then) {
    const have = given.footprints;
    if (!have || !have.mask[rank - 1]) return;
    load('data:image/png;base64,' + have.mask[rank - 1]).then(function (image) {
      const b = given.coverage.bounds;
      const west = page.geo.x(b[0][1]);
      const north = page.geo.y(b[1][0]);
      const perX = (page.geo.x(b[1][1]) - west) / codes.width;
      const perY = (page.geo.y(b[0][0]) - north) / codes.height;
      const x = west + have.col[rank - 1] * perX;
      const y = north + have.row[rank - 1] * perY;
      then({ image: image, bounds: [
        [latitude(y + image.naturalHeight * perY), x * 360 / 256 - 180],
        [latitude(y), (x + image.naturalWidth * perX) * 360 / 256 - 180]
      ] });
    });
  }

  function latitude(y) {
    return Math.atan(Math.sinh(Math.PI * (1 - 2 * y / 256))) * 180 / Math.PI;
  }

  // ---- start -------------------------------------------------------------------------------------------
  function ready() {
    const parts = [load(given.coverage.uri).then(function (image) { codes = greys(image); })];
    if (given.relief) parts.push(load(given.relief.uri).then(function (image) { relief = image; }));
    const again = function () { page.pictureSheet.later(); };
    ['built', 'moment', 'base'].forEach(function (event) { page.on(event, again); });
    page.on('question', function () { prepare(page.state.question).then(again); });
    page.map.on('move', function () { if (page.state.swipe !== null) again(); });
    return Promise.all(parts).then(function () { page.pictureSheet.renew(); });
  }

  /* The ranks are only needed once the slider moves, so the page does not wait for them. */
  function settle() {
    if (!given.ranks) return Promise.resolve();
    return load(given.ranks.uri).then(function (image) {
      readRanks(image);
      if (page.state.built < steps()) page.pictureSheet.later();
    });
  }

  /* Rank that changes a pixel, 0 for none. */
  function rankAt(at) {
    let low = 0;
    let high = changing ? changing.length : 0;
    while (low < high) {
      const middle = low + high >> 1;
      if (changing[middle] < at) low = middle + 1;
      else high = middle;
    }
    return changing && changing[low] === at ? ranks[low] : 0;
  }

  /* Class of the first service at a place, 0 outside: before, after, and at the step of the slider. */
  function classAt(latlng) {
    const b = given.coverage.bounds;
    const x = Math.floor((page.geo.x(latlng.lng) - page.geo.x(b[0][1])) / (page.geo.x(b[1][1]) - page.geo.x(b[0][1])) * codes.width);
    const y = Math.floor((page.geo.y(latlng.lat) - page.geo.y(b[1][0])) / (page.geo.y(b[0][0]) - page.geo.y(b[1][0])) * codes.height);
    if (x < 0 || y < 0 || x >= codes.width || y >= codes.height) return { before: 0, after: 0, now: 0 };
    const at = y * codes.width + x;
    const code = codes.values[at];
    const rank = rankAt(at);
    const isBuilt = page.state.built >= steps() || (rank > 0 && rank <= page.state.built);
    const isPlan = isBuilt && page.state.moment !== 'today';
    return {
      before: before(code), after: after(code), now: isBuilt ? after(code) : before(code), needed: NEEDED,
      lived: isLived(code), shown: isPlan ? after(code) : before(code)
    };
  }

  Object.assign(page, {
    pictures: pictures, paintPictures: paint, footprintOf: footprintOf, loadPictures: ready, settlePictures: settle,
    toneTable: function (kind) { return Array.from(table(KINDS[kind])); },
    classAt: classAt, hasQuestion: hasQuestion, serviceOf: serviceOf,
    isGeneral: function () { return Boolean(codes) && factorOf({ scale: Math.pow(2, page.map.getZoom()) }) > 1; },
    hasRelief: function () { return Boolean(given.relief); }
  });
}(window.siteplan));
