return {'ok', paused}
