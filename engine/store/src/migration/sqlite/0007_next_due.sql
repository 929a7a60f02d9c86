-- The column `due` counts the clocks of a case, too: open cases are indexed once more.
UPDATE case_ SET indexed = 0 WHERE open = 1;
