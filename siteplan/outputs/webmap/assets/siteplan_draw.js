/* Canvas under Leaflet: two sheets, one for pictures and one for lines, points and names.
 *
 * A sheet is painted once when the map has come to rest and moved as a whole
 * while it is dragged, so the number of points does not matter for panning. */
(function (page) {
  'use strict';

  const AFTER_ZOOM_MS = 120;

  /* A canvas as large as the view and a margin, painted by a function. */
  const Sheet = L.Renderer.extend({
    initialize: function (pane, paint) {
      L.Renderer.prototype.initialize.call(this, { pane: pane, padding: 0.15 });
      this._paint = paint;
    },

    _initContainer: function () {
      this._container = document.createElement('canvas');
      this._container.setAttribute('aria-hidden', 'true');
      this._pen = this._container.getContext('2d');
    },

    _destroyContainer: function () {
      L.DomUtil.remove(this._container);
      delete this._container;
      delete this._pen;
    },

    _updatePaths: function () {},

    _reset: function () {
      this._update();
    },

    /* After a change of zoom the old picture is scaled until no further step follows. */
    _update: function () {
      const map = this._map;
      if (map._animatingZoom && this._bounds) return;
      clearTimeout(this._waiting);
      if (!this._bounds || this._zoom === map.getZoom()) {
        this.renew();
        return;
      }
      this._updateTransform(map.getCenter(), map.getZoom());
      const sheet = this;
      this._waiting = setTimeout(function () { sheet.renew(); }, AFTER_ZOOM_MS);
    },

    /* Lay the canvas over the view and paint it. */
    renew: function () {
      if (!this._map || (this._map._animatingZoom && this._bounds)) return;
      clearTimeout(this._waiting);
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const canvas = this._container;
      L.DomUtil.setPosition(canvas, this._bounds.min);
      if (canvas.width !== Math.round(size.x * ratio) || canvas.height !== Math.round(size.y * ratio)) {
        canvas.width = Math.round(size.x * ratio);
        canvas.height = Math.round(size.y * ratio);
        canvas.style.width = size.x + 'px';
        canvas.style.height = size.y + 'px';
      }
      this._ratio = ratio;
      this.paint();
    },

    /* Paint again where the map stands. */
    paint: function () {
      if (!this._map || !this._bounds || this._map._animatingZoom || this._zoom !== this._map.getZoom()) return;
      const pen = this._pen;
      const min = this._bounds.min;
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, this._container.width, this._container.height);
      pen.setTransform(this._ratio, 0, 0, this._ratio, -min.x * this._ratio, -min.y * this._ratio);
      this._paint(pen, frame(this._map, this._bounds));
    },

    /* Paint once before the next picture, however often it is asked for. */
    later: function () {
      const sheet = this;
      if (sheet._asked) return;
      sheet._asked = true;
      L.Util.requestAnimFrame(function () {
        sheet._asked = false;
        sheet.paint();
      });
    }
  });

  /* What a painter needs: scale and origin of the world, and what is in sight. */
  function frame(map, bounds) {
    const scale = Math.pow(2, map.getZoom());
    const origin = map.getPixelOrigin();
    return {
      zoom: map.getZoom(), scale: scale, ox: origin.x, oy: origin.y, bounds: bounds,
      west: (bounds.min.x + origin.x) / scale, east: (bounds.max.x + origin.x) / scale,
      north: (bounds.min.y + origin.y) / scale, south: (bounds.max.y + origin.y) / scale
    };
  }

  // ---- shapes as arrays of world units -------------------------------------------------------------
  /* One encoded line or ring: points and the box around them. */
  function line(steps, perDegree) {
    const count = steps.length / 2;
    const points = new Float64Array(steps.length);
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    let x = 0;
    let y = 0;
    for (let i = 0; i < count; i += 1) {
      x += steps[2 * i];
      y += steps[2 * i + 1];
      const px = page.geo.x(x / perDegree);
      const py = page.geo.y(y / perDegree);
      points[2 * i] = px;
      points[2 * i + 1] = py;
      box[0] = Math.min(box[0], px);
      box[1] = Math.min(box[1], py);
      box[2] = Math.max(box[2], px);
      box[3] = Math.max(box[3], py);
    }
    return { points: points, box: box };
  }

  function isSeen(box, view) {
    return box[0] <= view.east && box[2] >= view.west && box[1] <= view.south && box[3] >= view.north;
  }

  /* Add a line to the path of the pen; points closer than half a pixel to the last are skipped. */
  function trace(pen, points, view, closed) {
    const n = points.length;
    let lastX = points[0] * view.scale - view.ox;
    let lastY = points[1] * view.scale - view.oy;
    pen.moveTo(lastX, lastY);
    for (let i = 2; i < n; i += 2) {
      const x = points[i] * view.scale - view.ox;
      const y = points[i + 1] * view.scale - view.oy;
      if (Math.abs(x - lastX) + Math.abs(y - lastY) < 0.7 && i < n - 2) continue;
      pen.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
    if (closed) pen.closePath();
  }

  function isInside(polygons, x, y) {
    let inside = false;
    polygons.forEach(function (polygon) {
      polygon.forEach(function (ring) {
        const p = ring.points;
        for (let i = 0, j = p.length - 2; i < p.length; j = i, i += 2) {
          if ((p[i + 1] > y) !== (p[j + 1] > y) &&
              x < (p[j] - p[i]) * (y - p[i + 1]) / (p[j + 1] - p[i + 1]) + p[i]) inside = !inside;
        }
      });
    });
    return inside;
  }

  /* A picture laid over its bounds; only what is in sight is drawn. */
  function picture(pen, image, bounds, view) {
    const left = page.geo.x(bounds[0][1]);
    const right = page.geo.x(bounds[1][1]);
    const top = page.geo.y(bounds[1][0]);
    const bottom = page.geo.y(bounds[0][0]);
    const perX = image.width / (right - left);
    const perY = image.height / (bottom - top);
    const x0 = Math.max(0, Math.floor((view.west - left) * perX));
    const x1 = Math.min(image.width, Math.ceil((view.east - left) * perX));
    const y0 = Math.max(0, Math.floor((view.north - top) * perY));
    const y1 = Math.min(image.height, Math.ceil((view.south - top) * perY));
    if (x1 <= x0 || y1 <= y0) return;
    const toX = function (px) { return (left + px / perX) * view.scale - view.ox; };
    const toY = function (py) { return (top + py / perY) * view.scale - view.oy; };
    pen.drawImage(image, x0, y0, x1 - x0, y1 - y0, toX(x0), toY(y0), toX(x1) - toX(x0), toY(y1) - toY(y0));
  }

  // ---- names that do not collide -------------------------------------------------------------------
  const widths = new Map();

  function widthOf(pen, text, font) {
    const key = font + '\n' + text;
    let width = widths.get(key);
    if (width === undefined) {
      pen.font = font;
      width = pen.measureText(text).width;
      widths.set(key, width);
    }
    return width;
  }

  /* Boxes already taken, in cells of 64 pixels. */
  function Taken() {
    this.cells = new Map();
  }

  Taken.prototype.visit = function (box, action) {
    for (let cx = Math.floor(box[0] / 64); cx <= Math.floor(box[2] / 64); cx += 1) {
      for (let cy = Math.floor(box[1] / 64); cy <= Math.floor(box[3] / 64); cy += 1) {
        if (action(cx + ':' + cy)) return true;
      }
    }
    return false;
  };

  Taken.prototype.isFree = function (box) {
    const cells = this.cells;
    return !this.visit(box, function (cell) {
      return (cells.get(cell) || []).some(function (other) {
        return other[0] < box[2] && other[2] > box[0] && other[1] < box[3] && other[3] > box[1];
      });
    });
  };

  Taken.prototype.add = function (box) {
    const cells = this.cells;
    this.visit(box, function (cell) {
      const list = cells.get(cell);
      if (list) list.push(box);
      else cells.set(cell, [box]);
      return false;
    });
  };

  const SIDES = [[0, 0], [0, -1], [0, 1], [1, 0], [-1, 0], [0.6, -1], [-0.6, 1]];

  /* Places for a name that may stand anywhere near: rings of growing size around the point. */
  function around(rings, step) {
    const found = [[0, 0]];
    for (let ring = 1; ring <= rings; ring += 1) {
      for (let k = 0; k < 12; k += 1) {
        found.push([ring * step * Math.cos(k * Math.PI / 6), ring * step * Math.sin(k * Math.PI / 6)]);
      }
    }
    return found;
  }

  const WIDE = around(10, 13);

  /* Write a name, and a line below it, at or beside a point where there is room; its box, null where there is none. */
  function writeName(pen, taken, text, x, y, look, below) {
    const width = Math.max(widthOf(pen, text, look.font), below ? widthOf(pen, plainOf(below), look.font) * 0.86 : 0);
    const half = look.size * (below ? 1.25 : 0.62);
    const gap = look.gap || 0;
    const sides = look.beside ? SIDES.slice(1) : SIDES;
    const places = look.wide ? WIDE : sides.map(function (side) {
      return [side[0] * (width / 2 + gap), side[1] * (half + gap)];
    });
    for (let i = 0; i < places.length; i += 1) {
      const cx = x + places[i][0];
      const cy = y + places[i][1];
      const box = [cx - width / 2 - 2, cy - half, cx + width / 2 + 2, cy + half];
      if (!taken.isFree(box) || (look.isInside && !look.isInside(cx, cy))) continue;
      taken.add(box);
      pen.font = look.font;
      const top = below ? cy - look.size * 0.6 : cy;
      pen.strokeText(text, cx, top);
      pen.fillText(text, cx, top);
      if (below) writeParts(pen, below, cx, cy + look.size * 0.6, look);
      return box;
    }
    return null;
  }

  function plainOf(parts) {
    return parts.map(function (part) { return part[0]; }).join(' ');
  }

  /* Pieces of text in colours of their own, side by side around a middle. */
  function writeParts(pen, parts, cx, cy, look) {
    pen.font = look.small;
    const space = pen.measureText(' ').width;
    const widths = parts.map(function (part) { return pen.measureText(part[0]).width; });
    const whole = widths.reduce(function (sum, one) { return sum + one; }, 0) + space * (parts.length - 1);
    let at = cx - whole / 2;
    parts.forEach(function (part, k) {
      pen.fillStyle = part[1];
      pen.strokeText(part[0], at + widths[k] / 2, cy);
      pen.fillText(part[0], at + widths[k] / 2, cy);
      at += widths[k] + space;
    });
  }

  page.draw = {
    Sheet: Sheet, frame: frame, line: line, isSeen: isSeen, trace: trace, isInside: isInside,
    picture: picture, Taken: Taken, writeName: writeName
  };
}(window.siteplan));
