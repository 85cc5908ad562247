/** On a narrow screen each row of a list stands by itself: every cell then says what it is, in the words of its column's heading. */

for (const table of document.querySelectorAll("table.list")) {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent?.trim() ?? "");
  for (const row of table.querySelectorAll("tbody tr")) {
    const cells = [...row.querySelectorAll("td")];
    // What a row is about needs no name, nor does what stands over all columns.
    if (cells.length !== heads.length) continue;
    cells.forEach((cell, column) => {
      if (!cell.querySelector("a, button, form, code, .state")) cell.dataset.head = heads[column];
    });
  }
}
