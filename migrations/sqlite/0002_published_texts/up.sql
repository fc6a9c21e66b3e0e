-- A published text never changes: what users acknowledged stays what they read. A version leaves the state of a draft
-- (1) once, with all its texts, and neither it nor they can be taken back.
CREATE TRIGGER policy_texts_no_insert BEFORE INSERT ON policy_texts
WHEN NOT EXISTS (SELECT 1 FROM policies p WHERE p.document = NEW.document AND p.version = NEW.version AND p.state = 1)
BEGIN
    SELECT RAISE(ABORT, 'a published text never changes');
END;

CREATE TRIGGER policy_texts_no_update BEFORE UPDATE ON policy_texts
WHEN NOT EXISTS (SELECT 1 FROM policies p WHERE p.document = OLD.document AND p.version = OLD.version AND p.state = 1)
  OR NOT EXISTS (SELECT 1 FROM policies p WHERE p.document = NEW.document AND p.version = NEW.version AND p.state = 1)
BEGIN
    SELECT RAISE(ABORT, 'a published text never changes');
END;

CREATE TRIGGER policy_texts_no_delete BEFORE DELETE ON policy_texts
WHEN NOT EXISTS (SELECT 1 FROM policies p WHERE p.document = OLD.document AND p.version = OLD.version AND p.state = 1)
BEGIN
    SELECT RAISE(ABORT, 'a published text never changes');
END;

CREATE TRIGGER policies_stay_published BEFORE UPDATE ON policies
WHEN OLD.state <> 1 AND (NEW.state = 1 OR NEW.document <> OLD.document OR NEW.version <> OLD.version)
BEGIN
    SELECT RAISE(ABORT, 'a published text never changes');
END;

CREATE TRIGGER policies_stay BEFORE DELETE ON policies
WHEN OLD.state <> 1
BEGIN
    SELECT RAISE(ABORT, 'a published text never changes');
END;
