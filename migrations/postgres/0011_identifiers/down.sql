DROP TABLE identifier_undos;
DROP TABLE identifier_changes;
DROP TABLE prompts;
