// A PKCS #11 module that hands everything on to SoftHSM, and fails as the file that
// CAIRN_TEST_TOKEN_MOOD names says, looked at with each call:
//   (empty)         all is well
//   slow MS         each signature takes so long
//   away            the device is removed: no token is there, and every call fails
//   full            CKR_DEVICE_MEMORY for signatures and new keys
//   sessions-lost   CKR_SESSION_HANDLE_INVALID for each session that was opened before
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static CK_FUNCTION_LIST functions;
static CK_FUNCTION_LIST *real;
static char mood[64];
// SoftHSM numbers sessions in the order in which they are opened.
static CK_SESSION_HANDLE newest, newest_lost;

static void look(void) {
    const int were_lost = strcmp(mood, "sessions-lost") == 0;
    const char *path = getenv("CAIRN_TEST_TOKEN_MOOD");
    FILE *file = path ? fopen(path, "r") : NULL;
    mood[0] = '\0';
    if (file == NULL) return;
    if (fgets(mood, sizeof mood, file) == NULL) mood[0] = '\0';
    mood[strcspn(mood, "\n")] = '\0';
    fclose(file);
    if (!were_lost && strcmp(mood, "sessions-lost") == 0) newest_lost = newest;
}

static int is(const char *word) {
    return strcmp(mood, word) == 0;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
    look();
    if (!is("away")) return real->C_GetSlotList(present, slots, count);
    *count = 0;
    return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
    look();
    return is("away") ? CKR_TOKEN_NOT_PRESENT : real->C_GetTokenInfo(slot, info);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE_PTR session) {
    look();
    if (is("away")) return CKR_DEVICE_REMOVED;
    const CK_RV code = real->C_OpenSession(slot, flags, application, notify, session);
    if (code == CKR_OK) newest = *session;
    return code;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                       CK_OBJECT_HANDLE key) {
    look();
    if (is("away")) return CKR_DEVICE_REMOVED;
    if (is("sessions-lost") && session <= newest_lost) return CKR_SESSION_HANDLE_INVALID;
    return real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR signature,
                  CK_ULONG_PTR signature_size) {
    long milliseconds = 0;
    look();
    if (is("full")) return CKR_DEVICE_MEMORY;
    if (sscanf(mood, "slow %ld", &milliseconds) == 1) {
        struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        nanosleep(&rest, NULL);
    }
    return real->C_Sign(session, data, size, signature, signature_size);
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                               CK_ATTRIBUTE_PTR of_public, CK_ULONG public_count,
                               CK_ATTRIBUTE_PTR of_private, CK_ULONG private_count,
                               CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key) {
    look();
    if (is("full")) return CKR_DEVICE_MEMORY;
    return real->C_GenerateKeyPair(session, mechanism, of_public, public_count, of_private,
                                   private_count, public_key, private_key);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
    void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
    CK_C_GetFunctionList get = NULL;
    if (library != NULL) *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    functions = *real;
    functions.C_GetSlotList = get_slot_list;
    functions.C_GetTokenInfo = get_token_info;
    functions.C_OpenSession = open_session;
    functions.C_SignInit = sign_init;
    functions.C_Sign = sign;
    functions.C_GenerateKeyPair = generate_key_pair;
    *list = &functions;
    return CKR_OK;
}
