// MARK: Sorting and pages of long tables

let made = 0;
const nextID = (name) => `${name}-${(made += 1)}`;

/** The order of a table: by one column, in its header for a mouse and as a list where the rows are cards. */
class Sorting {
  constructor(columns, first, changed) {
    [this.columns, this.id, this.changed] = [columns, first, changed];
    this.ascending = this.column.ascending === true;
  }

  get column() {
    return this.columns.find((it) => it.id === this.id);
  }

  sorted(rows, nameOf) {
    const { of } = this.column;
    const sign = this.ascending ? 1 : -1;
    const keyed = rows.map((row) => ({ row, key: of(row), name: nameOf(row) }));
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return keyed.sort((a, b) => sign * compare(a.key, b.key) || compare(a.name, b.name)).map((it) => it.row);
  }

  choose(id, ascending) {
    [this.id, this.ascending] = [id, ascending];
    this.mark();
    this.changed();
  }

  addTo(head, select) {
    this.head = head;
    this.select = select;
    for (const column of this.columns) {
      const press = button("", `Sort by ${column.name}`, () => this.choose(column.id, column.id === this.id ? !this.ascending : column.ascending === true), { class: "sort" });
      head.append(make("th", {
        role: "columnheader", scope: "col", class: ["sortable", column.number ? "number" : "", column.severity ? "severity" : ""].join(" ").trim(), "data-severity": column.severity,
      }, make("span", {}, column.name), press));
      for (const ascending of [true, false]) select.append(make("option", { value: `${column.id} ${ascending}` }, `${column.name}, ${ascending ? "ascending" : "descending"}`));
    }
    select.addEventListener("change", () => {
      const [id, ascending] = select.value.split(" ");
      this.choose(id, ascending === "true");
    });
    this.mark();
  }

  mark() {
    this.columns.forEach((column, index) => {
      const header = this.head.children[index];
      const isChosen = column.id === this.id;
      if (isChosen) header.setAttribute("aria-sort", this.ascending ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    });
    this.select.value = `${this.id} ${this.ascending}`;
  }
}

/** The pages of a table: only the rows of one are in the document. */
class Pages {
  constructor(nav, size, changed) {
    [this.nav, this.size, this.page] = [nav, size, 0];
    const turn = (by) => () => {
      this.page += by;
      changed();
    };
    this.back = button("Previous", "Previous page", turn(-1));
    this.text = make("span", { role: "status" });
    this.forward = button("Next", "Next page", turn(1));
    nav.append(this.back, this.text, this.forward);
  }

  /** The rows of the present page, which it shows in its text. */
  show(rows) {
    const last = Math.max(Math.ceil(rows.length / this.size) - 1, 0);
    this.page = Math.min(Math.max(this.page, 0), last);
    const start = this.page * this.size;
    const visible = rows.slice(start, start + this.size);
    show(this.nav, rows.length > this.size);
    write(this.text, `${number(start + 1)}–${number(start + visible.length)} of ${number(rows.length)}`);
    for (const [node, isOff] of [[this.back, this.page === 0], [this.forward, this.page === last]]) {
      if (isOff) node.setAttribute("aria-disabled", "true");
      else node.removeAttribute("aria-disabled");
    }
    return visible;
  }

  /** Shows the page with a row at an index. */
  turnTo(index) {
    this.page = Math.max(Math.floor(index / this.size), 0);
  }
}
