"""What programs/tic_tac_toe.tova prints, on strings."""

from functools import cache

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


def winner(board):
    return next((board[a] for a, b, c in LINES if board[a] != "." and board[a] == board[b] == board[c]), ".")


def moves(board, player):
    return [board[:i] + player + board[i + 1 :] for i in range(9) if board[i] == "."]


def other(player):
    return "O" if player == "X" else "X"


inner = set()
calls = 0


@cache
def minimax(board, player):
    global calls
    if (won := winner(board)) != ".":
        return 1 if won == "X" else -1
    if "." not in board:
        return 0
    inner.add(board)
    calls += board.count(".")
    values = [minimax(after, other(player)) for after in moves(board, player)]
    return max(values) if player == "X" else min(values)


print(f"value {minimax('X...O....', 'X')}, {len(inner)} positions kept, {calls + 1} visited")


def alpha_beta(board, player, alpha, beta):
    """Value, positions visited, cuts."""
    if (won := winner(board)) != ".":
        return (1 if won == "X" else -1), 1, 0
    if "." not in board:
        return 0, 1, 0
    visited, cuts = 1, 0
    for after in moves(board, player):
        value, v, c = alpha_beta(after, other(player), alpha, beta)
        visited, cuts = visited + v, cuts + c
        if player == "X":
            alpha = max(alpha, value)
        else:
            beta = min(beta, value)
        if alpha >= beta:
            cuts += 1
            break
    return (alpha if player == "X" else beta), visited, cuts


def show(board):
    return "/".join((board[:3], board[3:6], board[6:]))


for text in ("X.O/.X./..O", "X../.O./..X", "XO./.../..X", "OO./XX./X.O"):
    board = text.replace("/", "")
    value, visited, cuts = alpha_beta(board, "O", -1, 1)
    assert value == minimax(board, "O")
    print(f"{text}: {value}, same, {visited} visited, {cuts} cuts")
for text, player in (("X...O...X", "O"), ("XO......O", "X"), ("X.O..XO..", "X")):
    played = []
    board = text
    while winner(board) == "." and "." in board:
        sign = 1 if player == "X" else -1
        after = max(moves(board, player), key=lambda b: sign * minimax(b, other(player)))
        played.append(next(i for i in range(9) if board[i] != after[i]))
        board, player = after, other(player)
    print(f"{' '.join(map(str, played))}: {show(board)} won by {winner(board)}")
