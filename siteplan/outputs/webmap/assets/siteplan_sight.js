/* The ground between a place and the village it is there for, with the ray and its clearance.
 *
 * The earth is bent as the air of an average day bends rays (4/3 of its radius); the ray counts as clear where
 * nothing stands in six tenths of the first Fresnel zone (ITU-R P.530). It is drawn from the map's relief, so
 * houses and trees are not in it. */
(function (page) {
  'use strict';

  const EARTH_M = 6371000 * 4 / 3;
  const CLEAR = 0.6;
  const WIDTH = 320;
  const HEIGHT = 96;

  /* Heights of ground and ray, and the room the first Fresnel zone needs, along a sight line [m]. */
  function sightOf(rank, antenna) {
    const line = page.settings.sightLines[rank];
    if (!line) return null;
    let sum = 0;
    const ground = line[4].map(function (step) { sum += step; return sum; });
    const far = line[2];
    const n = ground.length - 1;
    const start = ground[0] + antenna;
    const end = ground[n] + page.settings.receiver;
    const wave = 299.792458 / line[3];
    const points = ground.map(function (height, k) {
      const at = far * k / n;
      const bulge = at * (far - at) / (2 * EARTH_M);
      const ray = start + (end - start) * k / n;
      const zone = Math.sqrt(wave * at * (far - at) / Math.max(far, 1));
      return { at: at, ground: height + bulge, ray: ray, zone: zone, room: ray - height - bulge };
    });
    let worst = null;
    points.slice(1, n).forEach(function (point) {
      const lack = point.room - CLEAR * point.zone;
      if (!worst || lack < worst.lack) worst = { lack: lack, point: point };
    });
    return { village: line[0], isNew: Boolean(line[1]), far: far, points: points, worst: worst };
  }

  function verdict(sight) {
    const word = page.text.word;
    const worst = sight.worst;
    if (!worst || worst.lack >= 0) return word('sight_clear');
    const values = { at: page.lengthText(worst.point.at), n: page.text.number(Math.abs(worst.point.room)) };
    return word(worst.point.room < 0 ? 'sight_blocked' : 'sight_tight', values);
  }

  function draw(canvas, sight) {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = WIDTH * ratio;
    canvas.height = HEIGHT * ratio;
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    const lows = sight.points.map(function (point) { return point.ground; });
    const highs = sight.points.map(function (point) { return Math.max(point.ground, point.ray); });
    const low = Math.min.apply(null, lows) - 10;
    const high = Math.max.apply(null, highs) + 10;
    const x = function (point) { return 4 + (WIDTH - 8) * point.at / Math.max(sight.far, 1); };
    const y = function (height) { return HEIGHT - 4 - (HEIGHT - 8) * (height - low) / (high - low); };
    const path = function (points, height) {
      points.forEach(function (point, k) { pen[k ? 'lineTo' : 'moveTo'](x(point), y(height(point))); });
    };
    const backwards = sight.points.slice().reverse();
    pen.beginPath();
    path(sight.points, function (point) { return point.ray + CLEAR * point.zone; });
    backwards.forEach(function (point) { pen.lineTo(x(point), y(point.ray - CLEAR * point.zone)); });
    pen.fillStyle = 'rgba(0, 121, 90, .18)';
    pen.fill();
    pen.beginPath();
    path(sight.points, function (point) { return point.ground; });
    pen.lineTo(WIDTH - 4, HEIGHT);
    pen.lineTo(4, HEIGHT);
    pen.fillStyle = '#cfc8b8';
    pen.fill();
    pen.beginPath();
    path([sight.points[0], sight.points[sight.points.length - 1]], function (point) { return point.ray; });
    pen.strokeStyle = '#00573f';
    pen.lineWidth = 1.5;
    pen.stroke();
    if (!sight.worst || sight.worst.lack >= 0) return;
    pen.beginPath();
    pen.moveTo(x(sight.worst.point), y(sight.worst.point.ray));
    pen.lineTo(x(sight.worst.point), y(sight.worst.point.ground));
    pen.strokeStyle = '#9c3a00';
    pen.lineWidth = 2.5;
    pen.stroke();
  }

  /* The drawing with its words; null where the plan knows no line for a place. */
  function sightBox(row) {
    const read = page.layers.proposed.read;
    const sight = sightOf(read(row, 'rank'), read(row, 'antenna_height_m') || 0);
    if (!sight) return null;
    const node = page.text.make('figure', 'sp-sight');
    const caption = page.text.make('figcaption');
    caption.appendChild(page.text.quote(page.text.word(sight.isNew ? 'sight_new' : 'sight_near', {
      village: page.text.label(sight.village, 20), far: page.lengthText(sight.far)
    })));
    caption.appendChild(page.text.make('strong', '', ' ' + verdict(sight)));
    const canvas = page.text.make('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    draw(canvas, sight);
    node.appendChild(caption);
    node.appendChild(canvas);
    const ends = page.text.make('div', 'sp-sight-ends');
    const first = sight.points[0];
    const last = sight.points[sight.points.length - 1];
    ends.appendChild(page.text.make('span', '', page.text.word('sight_site', { n: page.text.number(first.ground) })));
    ends.appendChild(page.text.make('span', '', page.text.word('sight_village', { n: page.text.number(last.ground) })));
    node.appendChild(ends);
    return node;
  }

  Object.assign(page, { sightOf: sightOf, sightBox: sightBox });
}(window.siteplan));
