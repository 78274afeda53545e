/// The script of the pages: reading of charts, switching of series, sorting of tables.
///
/// A page is complete without it. It reads numbers back from the drawing by the axes that the
/// drawing carries, so nothing is embedded twice and what it says is what is drawn.
enum PageScript {
  static let text = #"""
    "use strict";
    (() => {
      const set = (node, attributes) => {
        for (const name in attributes) node.setAttribute(name, attributes[name]);
        return node;
      };
      const binary = (end) =>
        ["B", "KiB", "MiB", "GiB", "TiB"].map((unit, n) => [1024 ** n, ` ${unit}${end}`]);
      const metric = [[1, ""], [1e3, "k"], [1e6, "M"], [1e9, "G"]];
      const scales = {
        time: [[1, " ns"], [1e3, " µs"], [1e6, " ms"], [1e9, " s"]],
        elapsed: [[1e-3, " ms"], [1, " s"]], bytes: binary(""), bandwidth: binary("/s"),
        rate: metric, count: metric, percent: [[1, " %"]], ratio: [[1, ""]],
      };

      // Three digits and scaled units, as everywhere on the page.
      const shown = (value, kind) => {
        if (kind === "ratio") return value < 10 ? value.toFixed(3) : value.toPrecision(3);
        const size = Math.abs(value), units = scales[kind];
        if (kind === "count" && Number.isInteger(value) && size < 1e5) return String(value);
        const [factor, unit] = units.findLast(([one]) => size >= one * 0.9995) ?? units[0];
        const part = value / factor;
        if (part === 0) return "0" + unit;
        return (Math.abs(part) >= 100 ? part.toFixed(0) : part.toPrecision(3)) + unit;
      };

      // Gives the text of a place on an axis.
      const axis = (svg, name) => {
        const [scale, kind, ...ends] = svg.dataset[name].split(" ");
        const [low, high, start, end] = ends.map(Number);
        const [names, texts] = ["Names", "Texts"].map((of) => svg.dataset[name + of]?.split("|"));
        // Places are drawn to a hundredth of a unit: no digit is claimed beyond it.
        const step = 10 ** Math.ceil(Math.log10(Math.abs((high - low) / (end - start)) / 100));
        const at = (place) => low + (place - start) / (end - start) * (high - low);
        const text = (at) => {
          if (scale === "names") return names?.[Math.round(at)] ?? "";
          if (scale === "log") return shown(10 ** at, kind);
          if (scale !== "percentile") return shown(Math.round(at / step) * step, kind);
          return "p" + (100 * (1 - 10 ** -at)).toFixed(Math.max(0, Math.ceil(at - 0.001) - 1));
        };
        // `row` gives the number that a row shows itself, to the last digit.
        const row = (place) => texts?.[Math.round(at(place))];
        return Object.assign((place) => text(at(place)), { row });
      };

      const corners = (path) =>
        [...path?.getAttribute("d").matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g) ?? []]
          .map((found) => ({ x: +found[1], y: +found[2] }));

      const pointsOf = (group) => {
        if (group.dataset.p === undefined) return corners(group.querySelector("path.l"));
        return group.dataset.p.split(";").filter(Boolean).map((one) => {
          const [x, y, low, high] = one.split(" ").map(Number);
          return { x, y, low, high, along: group.dataset.i };
        });
      };

      const live = document.body.appendChild(document.createElement("output"));
      live.className = "unseen";

      for (const svg of document.querySelectorAll("svg.chart[data-x]")) {
        const x = axis(svg, "x"), y = axis(svg, "y");
        const groups = [...svg.querySelectorAll("g.s")];
        const make = (parent, name, attributes) =>
          parent.appendChild(set(document.createElementNS(svg.namespaceURI, name), attributes));
        let series, tip;
        const read = () => series ??= groups
          .map((group) => ({ group, name: group.dataset.n ?? "", points: pointsOf(group) }))
          .filter(({ points }) => points.length);
        const visible = () => read().filter(({ group }) => !group.classList.contains("off"));

        // What the band of the same name spans at a place.
        const span = (group, point) => {
          const band = groups.find((other) =>
            other.dataset.k === group.dataset.k && other.querySelector("path.b"));
          if (!band || group.dataset.k === undefined) return "";
          const outline = corners(band.querySelector("path.b"));
          const turn = outline.reduce((last, one, n) => one.x > outline[last].x ? n : last, 0);
          const edges = [outline.slice(turn + 1).reverse(), outline.slice(0, turn + 1)];
          const ends = edges.map((edge) => {
            const n = edge.findIndex((one) => one.x >= point.x), a = edge[n - 1], b = edge[n];
            return n < 1 ? b?.y : a.y + (b.y - a.y) * (point.x - a.x) / (b.x - a.x);
          });
          return ends.includes(undefined) ? "" : ` [${ends.map(y).join(", ")}]`;
        };

        const words = ({ group, name }, point) => {
          const lies = point.along === "x";
          const [value, place] = lies ? [x(point.x), y(point.y)] : [y(point.y), x(point.x)];
          const [low, high] = point.along ? [point.low, point.high].map(lies ? x : y) : [];
          const range = !low ? span(group, point) : low === high ? "" : ` [${low}, ${high}]`;
          const own = lies && y.row(point.y) || value + range;
          return (lies ? [place, own, name] : [name, own, `at ${place}`]).filter(Boolean);
        };
        const hide = () => { tip?.remove(); tip = undefined; };
        const show = (one, point) => {
          hide();
          tip = make(svg, "g", { class: "tip", "aria-hidden": "true" });
          make(tip, "circle", { cx: point.x, cy: point.y, r: 5 });
          const box = make(tip, "rect", { rx: 3 });
          const lines = words(one, point);
          const texts = lines.map((textContent, row) =>
            Object.assign(make(tip, "text", row < 2 ? { class: "name" } : {}), { textContent }));
          const width = Math.max(...texts.map((text) => text.getComputedTextLength())) + 14;
          const height = 15 * lines.length + 7, paper = svg.viewBox.baseVal;
          const isAtEdge = point.x + 12 + width > paper.width;
          const left = isAtEdge ? Math.max(point.x - 12 - width, 0) : point.x + 12;
          const top = Math.min(Math.max(point.y - height / 2, 2), paper.height - height - 2);
          set(box, { x: left, y: top, width, height });
          texts.forEach((text, row) => set(text, { x: left + 7, y: top + 15 + 15 * row }));
          return lines.join(", ");
        };

        svg.addEventListener("pointermove", (event) => {
          const at = new DOMPoint(event.clientX, event.clientY)
            .matrixTransform(svg.getScreenCTM().inverse());
          let best, least = 60 ** 2;
          for (const one of visible()) for (const point of one.points) {
            const distance = (point.x - at.x) ** 2 + (point.y - at.y) ** 2;
            if (distance < least) [best, least] = [[one, point], distance];
          }
          if (best) show(...best); else hide();
        });
        svg.addEventListener("pointerleave", hide);

        // Arrows go from point to point and from series to series.
        const moves =
          { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
        let place = 0, number = 0;
        set(svg, { tabindex: 0, role: "group" });
        svg.addEventListener("blur", hide);
        svg.addEventListener("keydown", (event) => {
          const move = moves[event.key], all = visible();
          if (event.target !== svg || !move || !all.length) return;
          event.preventDefault();
          number = (number + move[1] + all.length) % all.length;
          const { points } = all[number];
          place = Math.min(Math.max(place + move[0], 0), points.length - 1);
          live.textContent = show(all[number], points[place]);
        });
        for (const key of svg.querySelectorAll("g.key")) {
          const own = groups.filter((group) => group.dataset.k === key.dataset.k);
          const toggle = () => {
            const isOff = key.classList.toggle("dim");
            key.setAttribute("aria-pressed", String(!isOff));
            for (const group of own) group.classList.toggle("off", isOff);
            hide();
          };
          set(key, { role: "button", "aria-pressed": true, tabindex: 0 });
          set(key, { "aria-label": own[0]?.dataset.n ?? "" });
          key.addEventListener("click", toggle);
          key.addEventListener("keydown", (event) => {
            if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); }
          });
        }
      }

      // The number in a cell in base units; words give none.
      const factors = { k: 1e3, M: 1e6, G: 1e9, "ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9 };
      for (const [factor, unit] of [...binary(""), ...binary("/s")]) factors[unit.trim()] = factor;
      const number = (text) => {
        const found = text.match(/^[≥≤±]?\s*(-?\d[\d.]*)\s*([a-zA-Zµ/]*)/);
        return found ? found[1] * (factors[found[2]] ?? 1) : NaN;
      };

      for (const table of document.querySelectorAll("table")) {
        const heads = [...table.tHead?.rows[0]?.cells ?? []];
        const bodies = [...table.tBodies];
        const rows = bodies.length > 1 ? bodies : [...bodies[0]?.rows ?? []];
        if (rows.length < 2) continue;
        heads.forEach((head, column) => {
          const text = (row) => {
            const cell = (row.rows?.[0] ?? row).cells[column], first = cell?.firstChild;
            return (first?.nodeType === 3 ? first.data : cell?.textContent ?? "").trim();
          };
          const button = set(document.createElement("button"), { type: "button" });
          button.append(...head.childNodes);
          head.append(button);
          button.addEventListener("click", () => {
            const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
            for (const other of heads) other.removeAttribute("aria-sort");
            head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
            const isKnown = (one) => one !== "" && one !== "–";
            const isNumber = !rows.map(text).filter(isKnown).map(number).some(Number.isNaN);
            const order = (a, b) => isKnown(b) - isKnown(a) || sign
              * (isNumber ? number(a) - number(b) : a.localeCompare(b, "en", { numeric: true }));
            rows[0].parentNode.append(...[...rows].sort((a, b) => order(text(a), text(b))));
          });
        });
      }
    })();
    """#
}
