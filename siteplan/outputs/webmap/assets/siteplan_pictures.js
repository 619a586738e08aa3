/* Relief and coverage: read back from the embedded pictures, coloured here, painted under the lines.
 *
 * One picture holds the classes before and after, another the rank that changes a
 * pixel; the coverage at any step of the slider is worked out from these two. Whether a pixel reaches the
 * target is exact at every step; below the target its final class is shown from its last noticeable rank. */
(function (page) {
  'use strict';

  const NEEDED = 4;
  let given = null;
  let relief = null;
  let codes = null;
  let ranks = null;
  let changing = null;
  let planned = null;
  let today = null;
  let terrain = null;
  let shownStep = -1;

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

  function readCodes(image) {
    const from = pixels(image);
    const words = new Uint32Array(from.data.buffer);
    codes = { width: from.width, height: from.height, values: new Uint8Array(words.length) };
    for (let i = 0; i < words.length; i += 1) codes.values[i] = words[i] & 255;
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

  // ---- colouring ---------------------------------------------------------------------------------------
  function colours(legend) {
    return [0].concat(legend.map(function (each) {
      const part = function (at) { return parseInt(each.fill.substr(at, 2), 16); };
      const alpha = Math.round(each.alpha * 255);
      return alpha ? (alpha << 24 | part(5) << 16 | part(3) << 8 | part(1)) >>> 0 : 0;
    }));
  }

  function before(code) { return Math.floor(code / 18); }
  function after(code) { return Math.floor(code / 3) % 6; }
  function taken(code) { return code % 3; }

  function coloured(classOf, palette) {
    const canvas = document.createElement('canvas');
    canvas.width = codes.width;
    canvas.height = codes.height;
    const pen = canvas.getContext('2d');
    const image = pen.createImageData(codes.width, codes.height);
    const words = new Uint32Array(image.data.buffer);
    const table = new Uint32Array(256);
    for (let code = 0; code < 256; code += 1) table[code] = palette[classOf(code)] || 0;
    for (let i = 0; i < words.length; i += 1) words[i] = table[codes.values[i]];
    pen.putImageData(image, 0, 0);
    return { canvas: canvas, image: image, words: words };
  }

  function todayPicture() {
    if (!today) today = coloured(before, colours(page.settings.coverage));
    return today.canvas;
  }

  function terrainPicture() {
    if (!terrain) terrain = coloured(taken, colours(page.settings.terrain));
    return terrain.canvas;
  }

  /* Coverage when the first ranks are built; the last step is the plan as a whole. */
  function plannedPicture() {
    const step = page.state.built;
    const all = page.layers.proposed ? page.layers.proposed.spec.n : 0;
    const palette = colours(page.settings.coverage);
    if (step >= all || !ranks) {
      if (!planned || shownStep !== all) planned = coloured(after, palette);
      shownStep = all;
      return planned.canvas;
    }
    if (!planned || shownStep === all) {
      planned = coloured(before, palette);
      shownStep = 0;
    }
    const low = Math.min(step, shownStep);
    const high = Math.max(step, shownStep);
    for (let k = 0; k < changing.length; k += 1) {
      if (ranks[k] <= low || ranks[k] > high) continue;
      const code = codes.values[changing[k]];
      planned.words[changing[k]] = palette[ranks[k] <= step ? after(code) : before(code)];
    }
    if (low !== high) planned.canvas.getContext('2d').putImageData(planned.image, 0, 0);
    shownStep = step;
    return planned.canvas;
  }

  // ---- painting ----------------------------------------------------------------------------------------
  function paint(pen, view) {
    if (relief && page.state.relief !== false) {
      pen.imageSmoothingEnabled = true;
      page.draw.picture(pen, relief, given.relief.bounds, view);
    }
    if (!codes || page.state.coverage === 'coverage_off') return;
    pen.imageSmoothingEnabled = false;
    pen.globalCompositeOperation = relief && page.state.relief !== false ? 'multiply' : 'source-over';
    if (page.state.coverage === 'coverage_terrain') page.draw.picture(pen, terrainPicture(), given.coverage.bounds, view);
    else if (page.state.swipe !== null) paintHalves(pen, view);
    else {
      const image = page.state.coverage === 'coverage_before' ? todayPicture() : plannedPicture();
      page.draw.picture(pen, image, given.coverage.bounds, view);
    }
    pen.globalCompositeOperation = 'source-over';
  }

  /* Today left of the bar, planned right of it. */
  function paintHalves(pen, view) {
    const map = page.map;
    const at = map.containerPointToLayerPoint([map.getSize().x * page.state.swipe, 0]).x;
    const b = view.bounds;
    [[b.min.x, at, todayPicture()], [at, b.max.x, plannedPicture()]].forEach(function (half) {
      pen.save();
      pen.beginPath();
      pen.rect(half[0], b.min.y, half[1] - half[0], b.max.y - b.min.y);
      pen.clip();
      page.draw.picture(pen, half[2], given.coverage.bounds, view);
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
    const parts = [load(given.coverage.uri).then(readCodes)];
    if (given.relief) parts.push(load(given.relief.uri).then(function (image) { relief = image; }));
    const again = function () { page.pictureSheet.later(); };
    ['built', 'coverage', 'base'].forEach(function (event) { page.on(event, again); });
    page.map.on('move', function () { if (page.state.swipe !== null) again(); });
    return Promise.all(parts).then(function () { page.pictureSheet.renew(); });
  }

  /* The ranks are only needed once the slider moves, so the page does not wait for them. */
  function settle() {
    if (!given.ranks) return Promise.resolve();
    return load(given.ranks.uri).then(function (image) {
      readRanks(image);
      if (page.layers.proposed && page.state.built < page.layers.proposed.spec.n) page.pictureSheet.later();
    });
  }

  /* Class of the pixel at a place, 0 outside: for tests and for the popup of a place. */
  function classAt(latlng) {
    const b = given.coverage.bounds;
    const x = Math.floor((page.geo.x(latlng.lng) - page.geo.x(b[0][1])) / (page.geo.x(b[1][1]) - page.geo.x(b[0][1])) * codes.width);
    const y = Math.floor((page.geo.y(latlng.lat) - page.geo.y(b[1][0])) / (page.geo.y(b[0][0]) - page.geo.y(b[1][0])) * codes.height);
    if (x < 0 || y < 0 || x >= codes.width || y >= codes.height) return { before: 0, after: 0, now: 0 };
    const at = y * codes.width + x;
    const code = codes.values[at];
    const shown = plannedPicture() && colours(page.settings.coverage).indexOf(planned.words[at]);
    return { before: before(code), after: after(code), now: shown, needed: NEEDED };
  }

  Object.assign(page, {
    pictures: pictures, paintPictures: paint, footprintOf: footprintOf, loadPictures: ready, settlePictures: settle, classAt: classAt,
    hasPicture: function (key) {
      if (key === 'relief') return Boolean(given.relief);
      if (key === 'coverage_terrain') return page.settings.hasTerrain;
      return true;
    }
  });
}(window.siteplan));
