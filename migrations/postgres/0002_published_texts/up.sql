-- A published text never changes: what users acknowledged stays what they read. A version leaves the state of a draft
-- (1) once, with all its texts, and neither it nor they can be taken back.
CREATE FUNCTION policy_texts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND NOT EXISTS (
        SELECT 1 FROM policies p WHERE p.document = OLD.document AND p.version = OLD.version AND p.state = 1
    ) THEN
        RAISE EXCEPTION 'a published text never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM policies p WHERE p.document = NEW.document AND p.version = NEW.version AND p.state = 1
    ) THEN
        RAISE EXCEPTION 'a published text never changes';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION policies_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 1 AND (
        TG_OP = 'DELETE' OR NEW.state = 1 OR NEW.document <> OLD.document OR NEW.version <> OLD.version
    ) THEN
        RAISE EXCEPTION 'a published text never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION policies_are_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published text never changes';
END
$$;

CREATE TRIGGER policy_texts_stay BEFORE INSERT OR UPDATE OR DELETE ON policy_texts
    FOR EACH ROW EXECUTE FUNCTION policy_texts_stay();
CREATE TRIGGER policies_stay BEFORE UPDATE OR DELETE ON policies
    FOR EACH ROW EXECUTE FUNCTION policies_stay();
CREATE TRIGGER policy_texts_are_not_emptied BEFORE TRUNCATE ON policy_texts
    FOR EACH STATEMENT EXECUTE FUNCTION policies_are_not_emptied();
CREATE TRIGGER policies_are_not_emptied BEFORE TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION policies_are_not_emptied();
