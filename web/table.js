// A table of rows. Columns with a sort key have a button in their heading: the service then ranks by it, largest first.
import { html } from '/htm.js';

/** columns: [{key, title, cell(row), head, number, kind, sort, hint}]; `sortedBy` is the current sort key, onSort(key) requests another. */
export function Table({ caption, columns, rows, keyOf, sortedBy, onSort, empty }) {
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  const heading = (column) => html`<${HeaderCell} key=${column.key} column=${column} sortedBy=${sortedBy} onSort=${onSort} />`;
  const cellOf = (row) => (column) => html`<${Cell} key=${column.key} column=${column} row=${row} sortedBy=${sortedBy} />`;
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption class="unseen">${caption}</caption>
        <thead><tr>${columns.map(heading)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr key=${keyOf(row)}>${columns.map(cellOf(row))}</tr>`)}</tbody>
      </table>
    </div>`;
}

const isSorted = (column, sortedBy) => column.sort !== undefined && column.sort === sortedBy;

function classOf(column, sortedBy) {
  return [column.number && 'number', column.kind, isSorted(column, sortedBy) && 'sorted'].filter(Boolean).join(' ');
}

function HeaderCell({ column, sortedBy, onSort }) {
  const name = classOf(column, sortedBy);
  if (column.title === '') return html`<td class=${name}></td>`; // above bars, which only show the number beside them
  if (!column.sort) return html`<th scope="col" class=${name} title=${column.hint}>${column.title}</th>`;
  const here = isSorted(column, sortedBy);
  return html`
    <th scope="col" class=${name} aria-sort=${here ? 'descending' : undefined}>
      <button type="button" title=${column.hint} onClick=${() => onSort(column.sort)}>
        ${column.title}<span class="arrow" aria-hidden="true">▼</span>
      </button>
    </th>`;
}

function Cell({ column, row, sortedBy }) {
  const name = classOf(column, sortedBy);
  return column.head ? html`<th scope="row" class=${name}>${column.cell(row)}</th>` : html`<td class=${name}>${column.cell(row)}</td>`;
}
