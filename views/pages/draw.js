// A map seen from above on which a boundary is drawn. Shapes come by the addresses that the 3D map uses too.
const kept = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let map = kept.get(parentElement);
  if (!map) {
    map = new BoundaryMap(parentElement.querySelector(".draw"));
    kept.set(parentElement, map);
  }
  map.send = (corners) => setStateValue("corners", corners);
  map.show(data);
  return () => {
    map.stop();
    kept.delete(parentElement);
  };
}

class BoundaryMap {
  constructor(root) {
    this.canvas = root.querySelector("canvas");
    this.pen = this.canvas.getContext("2d");
    this.buttons = Object.fromEntries([...root.querySelectorAll("button")].map((b) => [b.dataset.does, b]));
    this.status = root.querySelector("[role=status]");
    this.paths = {};
    this.corners = [];
    this.closed = false;
    this.held = null;
    this.buttons.undo.onclick = () => this.change(this.corners.slice(0, -1), false);
    this.buttons.close.onclick = () => this.close();
    this.buttons.clear.onclick = () => this.change([], false);
    const on = (name, act) => this.canvas.addEventListener(name, act);
    on("pointerdown", (e) => this.press(e));
    on("pointermove", (e) => this.move(e));
    on("pointerup", (e) => this.release(e));
    on("dblclick", (e) => { e.preventDefault(); this.close(); });
    on("wheel", (e) => { e.preventDefault(); this.zoom(e.deltaY < 0 ? 1.2 : 1 / 1.2, e.offsetX, e.offsetY); });
    on("keydown", (e) => this.key(e));
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.canvas);
  }

  stop() { this.watcher.disconnect(); }

  show(data) {
    for (const [name, word] of Object.entries(data.words)) {
      if (this.buttons[name]) this.buttons[name].textContent = word;
    }
    this.words = data.words;
    this.canvas.setAttribute("aria-label", data.words.about);
    if (String(data.bounds) !== String(this.bounds)) {
      this.bounds = data.bounds;
      const [west, south, east, north] = data.bounds;
      this.shrink = Math.cos(((south + north) / 2) * Math.PI / 180);
      this.centre = [(west + east) / 2 * this.shrink, (south + north) / 2];
      this.scale = null;
      this.corners = data.corners.map((c) => [c[0] * this.shrink, c[1]]);
      this.closed = this.corners.length > 2;
      this.paths = {};
    }
    for (const { name, address } of data.shapes) if (!(name in this.paths)) this.fetch(name, address);
    this.order = data.shapes;
    this.tell();
    this.draw();
  }

  async fetch(name, address) {
    this.paths[name] = null;
    const answer = await fetch(address);
    const byColour = new Map();
    const line = (path, points, closed) => {
      points.forEach(([x, y], i) => (i ? path.lineTo(x * this.shrink, y) : path.moveTo(x * this.shrink, y)));
      if (closed) path.closePath();
    };
    for (const { geometry: g, properties: { f: own } } of (await answer.json()).features) {
      const colour = Array.isArray(own) ? `rgb(${own})` : "";
      if (!byColour.has(colour)) byColour.set(colour, new Path2D());
      const path = byColour.get(colour);
      const parts = g.type.startsWith("Multi") ? g.coordinates : [g.coordinates];
      for (const part of parts) {
        if (g.type.endsWith("Polygon")) part.forEach((ring) => line(path, ring, true));
        else if (g.type.endsWith("LineString")) line(path, part, false);
      }
    }
    this.paths[name] = [...byColour];
    this.draw();
  }

  at([x, y]) {
    return [(x - this.centre[0]) * this.scale + this.canvas.clientWidth / 2,
      this.canvas.clientHeight / 2 - (y - this.centre[1]) * this.scale];
  }

  place(px, py) {
    return [(px - this.canvas.clientWidth / 2) / this.scale + this.centre[0],
      (this.canvas.clientHeight / 2 - py) / this.scale + this.centre[1]];
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !this.bounds) return;
    const sharp = window.devicePixelRatio || 1;
    this.canvas.width = width * sharp;
    this.canvas.height = height * sharp;
    const [west, south, east, north] = this.bounds;
    this.scale ??= 0.9 * Math.min(width / ((east - west) * this.shrink), height / (north - south));
    const pen = this.pen;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = "#eeece7";
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const s = this.scale * sharp;
    pen.setTransform(s, 0, 0, -s, (width / 2) * sharp - this.centre[0] * s, (height / 2) * sharp + this.centre[1] * s);
    for (const { name, fill, stroke } of this.order) {
      for (const [colour, path] of this.paths[name] ?? []) {
        if (fill) { pen.fillStyle = colour || fill; pen.fill(path); }
        if (stroke) { pen.strokeStyle = stroke; pen.lineWidth = 1.5 / this.scale; pen.stroke(path); }
      }
    }
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    this.drawBoundary(pen);
    this.canvas.dataset.ready = String(Object.values(this.paths).every(Boolean));
  }

  drawBoundary(pen) {
    if (!this.corners.length) return;
    const points = this.corners.map((c) => this.at(c));
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    if (this.closed) { pen.closePath(); pen.fillStyle = "rgba(194,65,12,.14)"; pen.fill(); }
    pen.strokeStyle = "#c2410c";
    pen.lineWidth = 2.5;
    pen.stroke();
    pen.fillStyle = "#fff";
    for (const [x, y] of points) { pen.beginPath(); pen.arc(x, y, 5, 0, 7); pen.fill(); pen.stroke(); }
  }

  press(e) {
    this.canvas.setPointerCapture(e.pointerId);
    const near = this.corners.findIndex((c) => Math.hypot(...this.at(c).map((v, i) => v - [e.offsetX, e.offsetY][i])) < 10);
    this.held = { x: e.offsetX, y: e.offsetY, corner: near, moved: false };
  }

  move(e) {
    const held = this.held;
    if (!held) return;
    const [dx, dy] = [e.offsetX - held.x, e.offsetY - held.y];
    held.moved ||= Math.hypot(dx, dy) > 4;
    if (!held.moved) return;
    if (held.corner >= 0) this.corners[held.corner] = this.place(e.offsetX, e.offsetY);
    else this.centre = [this.centre[0] - dx / this.scale, this.centre[1] + dy / this.scale];
    [held.x, held.y] = [e.offsetX, e.offsetY];
    this.draw();
  }

  release(e) {
    const held = this.held;
    this.held = null;
    if (!held) return;
    if (held.moved) { if (held.corner >= 0) this.change(this.corners, this.closed); return; }
    if (held.corner === 0 && this.corners.length > 2) { this.close(); return; }
    if (held.corner < 0 && !this.closed) this.change([...this.corners, this.place(e.offsetX, e.offsetY)], false);
  }

  key(e) {
    const step = 60 / this.scale;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[e.key];
    if (by) { this.centre = this.centre.map((v, i) => v + by[i]); this.draw(); }
    else if (e.key === "+") this.zoom(1.2);
    else if (e.key === "-") this.zoom(1 / 1.2);
    else if (e.key === "Enter") this.close();
    else if (e.key === " ") this.change([...this.corners, this.centre], false);
    else if (e.key === "Backspace") this.change(this.corners.slice(0, -1), false);
    else return;
    e.preventDefault();
  }

  zoom(by, px = this.canvas.clientWidth / 2, py = this.canvas.clientHeight / 2) {
    const before = this.place(px, py);
    this.scale *= by;
    const after = this.place(px, py);
    this.centre = this.centre.map((v, i) => v + before[i] - after[i]);
    this.draw();
  }

  close() { if (this.corners.length > 2) this.change(this.corners, true); }

  change(corners, closed) {
    const was = this.closed;
    this.corners = corners;
    this.closed = closed;
    this.tell();
    this.draw();
    if (closed || was) this.send(closed ? corners.map(([x, y]) => [x / this.shrink, y]) : []);
  }

  tell() {
    this.status.textContent = this.closed ? this.words.done : this.words.hint;
    this.buttons.undo.disabled = this.buttons.clear.disabled = !this.corners.length;
    this.buttons.close.disabled = this.closed || this.corners.length < 3;
  }
}
