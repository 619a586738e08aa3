/* Layers with their legend, and what the map shows: a question and a moment.
 *
 * The layer list is the legend, so a legend cannot disagree with what is shown. */
(function (page) {
  'use strict';

  const SWITCHES = ['proposed', 'villages', 'sites', 'gaps', 'stretches', 'zones', 'properties', 'others', 'counties'];
  const make = page.text.make;
  const quote = page.text.quote;
  const word = page.text.word;
  const number = page.text.number;
  const parts = page.parts;
  const boxes = page.boxes;
  const ui = page.ui;

  // ---- layers and legend -----------------------------------------------------------------------------
  function swatch(look, kind) {
    const node = make('i', 'sp-swatch sp-swatch-' + kind);
    node.style.background = look.fill;
    if (look.line) node.style.borderColor = look.line;
    if (look.ring) {
      node.classList.add('sp-swatch-ring');
      node.style.borderStyle = look.ring === 'dashed' ? 'dashed' : 'solid';
      node.classList.toggle('sp-swatch-line', look.ring === 'line');
    }
    if (kind === 'polygons') node.style.background = transparent(look.fill, look.opacity);
    if (look.hatched) {
      node.style.background = 'repeating-linear-gradient(135deg, ' + look.fill + ' 0 2px, ' + transparent(look.fill, 0.25) + ' 2px 5px)';
    }
    if (look.size) {
      const size = Math.round(Math.min(15, look.size * 2 + 4));
      node.style.width = size + 'px';
      node.style.height = size + 'px';
    }
    return node;
  }

  function transparent(colour, opacity) {
    if (colour === 'none' || !opacity) return 'transparent';
    const part = function (at) { return parseInt(colour.substr(at, 2), 16); };
    return 'rgba(' + [part(1), part(3), part(5), Math.max(opacity, 0.25)].join(',') + ')';
  }

  function legend(classes, kind) {
    const node = make('ul', 'sp-legend');
    classes.forEach(function (look) {
      const item = make('li');
      item.appendChild(swatch(look, look.area ? 'area' : kind));
      item.appendChild(quote(look.label));
      node.appendChild(item);
    });
    return node;
  }

  function option(type, group, key, label, on, change) {
    const node = make('label', 'sp-option');
    const box = make('input');
    box.type = type;
    box.name = group;
    box.value = key;
    box.checked = on;
    box.addEventListener('change', function () { change(box.checked); });
    node.appendChild(box);
    node.appendChild(make('span', '', label));
    boxes[key] = box;
    return node;
  }

  function layerRow(key) {
    const each = page.layers[key];
    const node = make('div', 'sp-layer');
    const label = each.spec.name + ' (' + number(each.spec.n) + ')';
    node.appendChild(option('checkbox', 'layer', key, label, each.shown, function (on) { page.show(key, on); }));
    node.classList.toggle('sp-off', !each.shown);
    const classes = each.spec.classes;
    if (key === 'proposed') {
      parts.pins = make('div', 'sp-pins');
      node.appendChild(parts.pins);
      pinLegend();
    } else if (classes.length > 1) node.appendChild(legend(classes, each.spec.kind));
    else node.firstChild.insertBefore(swatch(classes[0], each.spec.kind), node.firstChild.lastChild);
    return node;
  }

  /* Legend of the ranked places: by what they are for or by where they come from, and every sign around them. */
  function pinLegend() {
    if (!parts.pins) return;
    const spec = page.layers.proposed.spec;
    parts.pins.textContent = '';
    if (spec.source_classes) {
      const choice = make('div', 'sp-choice');
      ['purpose', 'source'].forEach(function (key) {
        choice.appendChild(option('radio', 'pins', 'pins_' + key, word('pins_' + key), page.state.pins === key, function () {
          page.state.pins = key;
          page.emit('pins');
        }));
      });
      parts.pins.appendChild(choice);
    }
    let classes = page.state.pins === 'source' && spec.source_classes || spec.classes;
    if (page.settings.steps.rank.length) {
      classes = classes.concat([{ label: word('not_yet'), fill: '#ffffff', line: '#5b6671', size: 5 }]);
      if (page.settings.hasFootprints) {
        classes = classes.concat([Object.assign({ area: true, hatched: true }, page.settings.tones.footprint)]);
      }
      classes = classes.concat([
        { label: word('radius'), fill: 'transparent', line: '#1b1b1b', ring: 'dashed' },
        { label: word('buffer'), fill: 'transparent', line: '#0b4f8a', ring: 'solid' }
      ]);
    }
    parts.pins.appendChild(legend(classes, spec.kind));
  }

  // ---- what the map shows --------------------------------------------------------------------------------
  const MOMENTS = ['today', 'plan', 'change'];
  const OTHER_QUESTIONS = ['by_site', 'overlap', 'terrain', 'doubt', 'off'];

  /* Today, planned, what changes: three states of one switch, over the map. */
  function momentSwitch() {
    const node = make('div', 'sp-moments');
    node.setAttribute('role', 'radiogroup');
    node.setAttribute('aria-label', word('moment'));
    MOMENTS.forEach(function (key) {
      const label = make('label', 'sp-moment');
      const box = make('input');
      box.type = 'radio';
      box.name = 'moment';
      box.value = key;
      box.addEventListener('change', function () { page.setMoment(key); });
      label.appendChild(box);
      label.appendChild(make('span', '', word('moment_' + key)));
      boxes['moment_' + key] = box;
      node.appendChild(label);
    });
    parts.moments = node;
    return node;
  }

  function questionName(key) {
    const service = page.serviceOf(key);
    return service >= 0 ? page.settings.questions[service].name : word('question_' + key);
  }

  function coverageRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('question')));
    const select = make('select', 'sp-question');
    select.setAttribute('aria-label', word('question'));
    const services = Array.from(page.settings.questions.keys()).map(function (k) { return 'S' + k; });
    services.concat(OTHER_QUESTIONS).filter(page.hasQuestion).forEach(function (key) {
      const choice = make('option', '', page.text.label(questionName(key), 30));
      choice.value = key;
      select.appendChild(choice);
    });
    select.addEventListener('change', function () { page.setQuestion(select.value); });
    boxes.question = select;
    node.appendChild(select);
    const swipe = option('checkbox', 'layer', 'swipe', word('swipe'), false, function (on) {
      page.setSwipe(on ? 0.5 : null);
    });
    swipe.classList.add('sp-swipe-option');
    node.appendChild(swipe);
    parts.scale = make('div', 'sp-scale');
    node.appendChild(parts.scale);
    return node;
  }

  /* Colours of the picture that is shown, with what they mean. */
  function scaleOf(question, moment) {
    const tones = page.settings.tones;
    const covered = tones.covered;
    const reached = Object.assign({}, covered[4], { label: tones.pixel });
    const change = moment === 'change' ? [tones.new, tones.new_empty] : [];
    const service = page.serviceOf(question);
    if (service === 0) {
      const lost = !page.settings.steps.rank.length && moment === 'change' ? [tones.lost] : [];
      const classes = covered.slice(1).map(function (look) { return Object.assign({}, look, { label: word('probability', { share: look.label }) }); });
      return change.concat(lost, [tones.gap, tones.gap_part], classes);
    }
    if (service > 0) return change.concat([Object.assign({}, tones.gap, { label: word('gap_any') }), reached]);
    if (question === 'by_site') {
      return [Object.assign({}, tones.by_site[0], { label: word('by_site_new') }), tones.gap, reached, { label: word('served_lines'), fill: 'transparent', line: tones.new.fill, ring: 'line' }];
    }
    if (question === 'overlap') return tones.overlap;
    if (question === 'terrain') return [reached, tones.terrain_taken];
    return question === 'doubt' ? [tones.doubt_below, tones.doubt_above, reached] : [];
  }

  function setMoment(key) {
    page.state.moment = MOMENTS.indexOf(key) >= 0 ? key : 'change';
    page.emit('moment');
  }

  function setQuestion(key) {
    page.state.question = page.hasQuestion(key) ? key : 'S0';
    if (page.serviceOf(page.state.question) < 0) page.setSwipe(null);
    page.emit('question');
  }

  function covered() {
    const question = page.state.question;
    const service = page.serviceOf(question);
    boxes['moment_' + page.state.moment].checked = true;
    parts.moments.classList.toggle('sp-idle', service < 0);
    if (boxes.question) boxes.question.value = question;
    boxes.swipe.checked = page.state.swipe !== null;
    boxes.swipe.disabled = service < 0;
    parts.scale.textContent = '';
    const classes = scaleOf(question, page.state.moment).map(function (look) { return look.ring ? look : Object.assign({ area: true }, look); });
    parts.scale.appendChild(legend(classes, 'area'));
    if (question !== 'off' && page.isGeneral()) parts.scale.appendChild(make('p', 'sp-found', word('from_afar')));
    const people = service >= 0 ? page.settings.questions[service].people : null;
    const isWhole = !page.state.filters.county && page.state.built >= (page.layers.proposed ? page.layers.proposed.spec.n : 0);
    if (people && people[0] && isWhole) {
      const text = word('question_people', { before: number(people[1]), after: number(people[2]), total: number(people[0]) });
      parts.scale.appendChild(make('p', 'sp-found', text));
    }
    const isStepped = page.state.built < (page.layers.proposed ? page.layers.proposed.spec.n : 0);
    if (service > 0 && isStepped && page.state.moment !== 'today') parts.scale.appendChild(make('p', 'sp-found', word('whole_plan')));
  }

  function baseRow() {
    const node = make('fieldset', 'sp-layer');
    node.appendChild(make('legend', '', word('basemap')));
    node.appendChild(option('checkbox', 'layer', 'base', word('layer_base'), true, function (on) {
      page.state.base = on;
      page.emit('base');
    }));
    if (page.hasRelief()) {
      node.appendChild(option('checkbox', 'layer', 'relief', word('layer_relief'), true, function (on) {
        page.state.relief = on;
        page.emit('base');
      }));
    }
    return node;
  }

  function layers() {
    const side = ui.panel('layers', word('layers'));
    parts.layers = side.body;
    const rows = SWITCHES.filter(function (key) { return page.layers[key]; });
    side.body.appendChild(coverageRow());
    rows.forEach(function (key) { side.body.appendChild(layerRow(key)); });
    side.body.appendChild(baseRow());
    return side.node;
  }

  /* A layer that was switched on from elsewhere shows as on. */
  function changed() {
    Object.keys(page.layers).forEach(function (key) {
      if (!boxes[key]) return;
      boxes[key].checked = page.layers[key].shown;
      boxes[key].closest('.sp-layer').classList.toggle('sp-off', !page.layers[key].shown);
    });
  }

  Object.assign(page.ui, {
    layers: layers, momentSwitch: momentSwitch, covered: covered, changed: changed, pinLegend: pinLegend
  });
  Object.assign(page, { setMoment: setMoment, setQuestion: setQuestion, questionName: questionName });
}(window.siteplan));
