// A table's columns, from the service's descriptors: the title and the kind of each column of an operation.
import { html } from '/htm.js';
import { byteRate, bytesOf, count, percent, rate, visible } from '/format.js';
import { Bounded, Counted } from '/parts.js';
import { COLUMNS } from '/tables.js';

const SHOW = { count, ratio: percent, rate, byte_rate: byteRate, text: (value) => visible(value ?? '–') };

const valueAt = (row, path) => path.split('.').reduce((value, name) => value?.[name], row);

/** For a Table: the column at `path` of that operation's rows, shown as usual; `more` has what is special here. */
export function column(operation, path, more) {
  const { title, kind } = COLUMNS[operation][path];
  const Entries = { entries: Counted, bound: Bounded }[kind];
  const show = kind === 'bytes' ? (row) => bytesOf(row, path) : (row) => SHOW[kind](valueAt(row, path));
  const cell = Entries ? (row) => html`<${Entries} row=${row} field=${path} />` : show;
  return { key: path, title, number: kind !== 'text', cell, ...more };
}
